/** The listeners of one planned change: one on each interface that the former groups or the new one use. */
import type { Advert } from "../../vrrp/advert.ts";
import type { GuardedAddress } from "../../wire/merge-targets.ts";
import type { AdvertSubscription } from "../../wire/subscription.ts";

/** With `guarded` the address is asked for, too. */
export type Listen = (
  interfaceName: string,
  onAdvert: (advert: Advert) => void,
  guarded?: GuardedAddress,
) => AdvertSubscription;

export interface ChangeListeners {
  /** Since when all of them hear every advert, in ms of performance.now(). Undefined while one of them does not. */
  readonly sinceMs: number | undefined;
  /** Up to when all of them reported everything that came. Undefined where it is always up to now. */
  readonly untilMs: number | undefined;
  setInterfaces(names: ReadonlySet<string>): void;
  /** Asks for an address on an interface, from its MAC. Undefined ends that. */
  setAsked(asked: AskedAddress | undefined): void;
  close(): void;
}

export interface AskedAddress extends GuardedAddress {
  readonly interface: string;
}

export function openChangeListeners(
  listen: Listen,
  onAdvert: (interfaceName: string, advert: Advert) => void,
): ChangeListeners {
  const listeners = new Map<string, AdvertSubscription>();
  let asking: { readonly key: string; readonly subscription: AdvertSubscription } | undefined;
  const setAsked = (asked: AskedAddress | undefined) => {
    const key = JSON.stringify(asked);
    if (key === asking?.key) return;
    asking?.subscription.close();
    asking = asked && { key, subscription: listen(asked.interface, () => undefined, asked) };
  };
  const setInterfaces = (names: ReadonlySet<string>) => {
    for (const [name, listener] of listeners) {
      if (!names.has(name) && listeners.delete(name)) listener.close();
    }
    for (const name of names) {
      if (!listeners.has(name))
        listeners.set(
          name,
          listen(name, (advert) => onAdvert(name, advert)),
        );
    }
  };
  return {
    get sinceMs() {
      const times = [...listeners.values()].map(({ sinceMs }) => sinceMs);
      if (times.includes(undefined)) return undefined;
      return Math.max(...times.map((ms) => ms ?? Number.NEGATIVE_INFINITY));
    },
    get untilMs() {
      const times = [...listeners.values()].flatMap(({ untilMs }) => untilMs ?? []);
      return times.length === 0 ? undefined : Math.min(...times);
    },
    setInterfaces,
    setAsked,
    close: () => {
      setInterfaces(new Set());
      setAsked(undefined);
    },
  };
}
