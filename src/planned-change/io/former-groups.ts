/** Groups that this host has no memory of: for a moment it listens whether a peer owns their VIPs as another group. */

import type { Advert } from "../../vrrp/advert.ts";
import type { Instance } from "../../vrrp/instance.ts";
import type { Listener } from "../../wire/subscription.ts";
import { formerIn } from "../former-group.ts";

/** From the first sight on, ms. An owner sends in this time, and keepalived's own delay at its start is hardly shorter. */
const LISTEN_MS = 5_000;

export interface FirstSights {
  /** A group that there is no memory of. Only the first sight counts. */
  meet(to: Instance, isOwn: (address: string) => boolean): void;
  /** What peers were heard to run of the group. */
  formersOf(group: string): readonly Instance[];
  /** Ends what has been listened to for long enough. @returns when the next one is due, ms from now. */
  tend(): number | undefined;
}

interface Sight {
  readonly listener: Listener;
  readonly untilMs: number;
  formers: readonly Instance[];
  isOver: boolean;
}

export function openFirstSights(
  listen: (interfaceName: string, onAdvert: (advert: Advert) => void) => Listener,
  onFound: () => void,
): FirstSights {
  const sights = new Map<string, Sight>();
  return {
    meet: (to, isOwn) => {
      if (sights.has(to.name)) return;
      const hear = (advert: Advert) => {
        const former = isOwn(advert.source) ? undefined : formerIn(to, advert);
        const sight = sights.get(to.name);
        if (former === undefined || sight === undefined || sight.formers.length > 0) return;
        sight.formers = [former];
        onFound();
      };
      const listener = listen(to.interface, hear);
      sights.set(to.name, { listener, untilMs: performance.now() + LISTEN_MS, formers: [], isOver: false });
    },
    formersOf: (group) => {
      const sight = sights.get(group);
      return sight === undefined || sight.isOver ? [] : sight.formers;
    },
    tend: () => {
      const nowMs = performance.now();
      const open = [...sights.values()].filter(({ isOver }) => !isOver);
      for (const sight of open.filter(({ untilMs }) => untilMs <= nowMs)) {
        sight.isOver = true;
        sight.listener.close();
      }
      const rest = open.filter(({ isOver }) => !isOver).map(({ untilMs }) => untilMs - nowMs);
      return rest.length === 0 ? undefined : Math.min(...rest);
    },
  };
}
