/** The listeners of one planned change: one on each interface that the former groups or the new one use. */
import type { Advert } from "../../vrrp/advert.ts";
import type { AdvertSubscription } from "../../wire/subscription.ts";

export type Listen = (interfaceName: string, onAdvert: (advert: Advert) => void) => AdvertSubscription;

export interface ChangeListeners {
  /** Since when all of them hear every advert, in ms of performance.now(). Undefined while one of them does not. */
  readonly sinceMs: number | undefined;
  setInterfaces(names: ReadonlySet<string>): void;
  close(): void;
}

export function openChangeListeners(
  listen: Listen,
  onAdvert: (interfaceName: string, advert: Advert) => void,
): ChangeListeners {
  const listeners = new Map<string, AdvertSubscription>();
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
    setInterfaces,
    close: () => setInterfaces(new Set()),
  };
}
