/**
 * The advert interval that the owner of each group states. With VRRPv3 hosts may have different intervals, and all use the
 * owner's. So the owner may be silent for longer than this host's own interval.
 *
 * An interval counts while its sender may still be the owner. A host that owns the VIPs itself hears no later advert that
 * would correct it, so it keeps none.
 */
import type { Advert } from "../vrrp/advert.ts";
import type { Instance } from "../vrrp/instance.ts";
import { obeysAdvert } from "../vrrp/obeyed-advert.ts";
import { MARGIN_MS, SILENT_INTERVALS } from "./waits.ts";

export interface OwnerIntervals {
  /** Sets what keepalived of this host runs. */
  setInForce(instances: readonly Instance[], ownAddresses: ReadonlySet<string>): void;
  noteAdvert(interfaceName: string, advert: Advert, nowMs: number): void;
  /** What keepalived runs of a group, with the interval of its owner if that is another host with a longer one. */
  atOwnerInterval(instance: Instance, nowMs: number): Instance;
}

interface StatedInterval {
  readonly seconds: number;
  readonly atMs: number;
}

/** @param isOwner whether this host owns the VIPs of a group. */
export function createOwnerIntervals(isOwner: (group: string) => boolean): OwnerIntervals {
  const stated = new Map<string, StatedInterval>();
  let inForce: readonly Instance[] = [];
  let own: ReadonlySet<string> = new Set();
  return {
    setInForce: (instances, ownAddresses) => {
      [inForce, own] = [instances, ownAddresses];
      const names = new Set(instances.map(({ name }) => name));
      for (const group of stated.keys()) if (!names.has(group) || isOwner(group)) stated.delete(group);
    },
    noteAdvert: (link, advert, nowMs) => {
      for (const instance of inForce) {
        if (instance.interface !== link || !obeysAdvert(instance, advert, own)) continue;
        // keepalived of this host stays the owner despite it
        if (isOwner(instance.name) && advert.priority < instance.priority) continue;
        stated.set(instance.name, { seconds: advert.intervalSeconds, atMs: nowMs });
      }
    },
    atOwnerInterval: (instance, nowMs) => {
      const { seconds, atMs } = stated.get(instance.name) ?? { seconds: 0, atMs: nowMs };
      const isGone = nowMs - atMs >= SILENT_INTERVALS * 1_000 * seconds + MARGIN_MS;
      if (isGone || isOwner(instance.name)) return instance;
      const advertIntervalSeconds = Math.max(instance.advertIntervalSeconds, seconds);
      return { ...instance, advertIntervalSeconds };
    },
  };
}
