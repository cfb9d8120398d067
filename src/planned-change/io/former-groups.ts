/**
 * Former groups of groups that STATE_DIR says nothing about: this host listens for a moment whether a peer owns their VIPs
 * in another group.
 */

import type { Instance } from "../../vrrp/instance.ts";
import type { AdvertSubscription } from "../../wire/subscription.ts";
import { formerGroupFrom } from "../former-group.ts";
import type { Listen } from "./change-listeners.ts";

/** Long enough for an owner's advert. keepalived's own delay at its start is hardly shorter. */
const LISTEN_MS = 5_000;

export interface FormerGroups {
  /** Starts to listen for a group, unless it has listened for it before. @param isOwn whether an address is this host's. */
  listenFor(to: Instance, isOwn: (address: string) => boolean): void;
  /** What a peer runs of the group. Empty if no peer was heard, and after the time to listen. */
  formerGroupsOf(group: string): readonly Instance[];
  /** Ends the listening that has lasted long enough. @returns the ms until the next one ends, if there is one. */
  closeExpired(): number | undefined;
}

type Listening =
  | {
      readonly phase: "listening";
      readonly listener: AdvertSubscription;
      readonly untilMs: number;
      found?: Instance;
    }
  | { readonly phase: "over" };

/** @param onFound is called when a former group was heard. */
export function openFormerGroups(listen: Listen, onFound: () => void): FormerGroups {
  const listenings = new Map<string, Listening>();
  const noteFormer = (former: Instance) => {
    const listening = listenings.get(former.name);
    if (listening?.phase !== "listening" || listening.found !== undefined) return;
    listening.found = former;
    onFound();
  };
  return {
    listenFor: (to, isOwn) => {
      if (listenings.has(to.name)) return;
      const listener = listen(to.interface, (advert) => {
        const former = isOwn(advert.source) ? undefined : formerGroupFrom(to, advert);
        if (former !== undefined) noteFormer(former);
      });
      listenings.set(to.name, { phase: "listening", listener, untilMs: performance.now() + LISTEN_MS });
    },
    formerGroupsOf: (group) => {
      const listening = listenings.get(group);
      return listening?.phase === "listening" && listening.found !== undefined ? [listening.found] : [];
    },
    closeExpired: () => {
      const nowMs = performance.now();
      const restsMs: number[] = [];
      for (const [group, listening] of listenings) {
        if (listening.phase === "over") continue;
        if (listening.untilMs > nowMs) restsMs.push(listening.untilMs - nowMs);
        else {
          listenings.set(group, { phase: "over" });
          listening.listener.close();
        }
      }
      return restsMs.length === 0 ? undefined : Math.min(...restsMs);
    },
  };
}
