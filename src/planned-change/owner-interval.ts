/**
 * The advert interval that the owner of each group states. With VRRPv3 hosts may have different ones, and all follow the
 * owner's: it may be silent for longer than this host's own interval tells.
 */
import type { Advert } from "../vrrp/advert.ts";
import type { Instance } from "../vrrp/instance.ts";
import { obeysAdvert } from "../vrrp/obeyed-advert.ts";

export interface OwnerIntervals {
  /** Sets what keepalived of this host runs. */
  setInForce(instances: readonly Instance[], ownAddresses: ReadonlySet<string>): void;
  noteAdvert(interfaceName: string, advert: Advert): void;
  /** What keepalived runs of a group, with the interval of its owner if that is longer. */
  atOwnerInterval(instance: Instance): Instance;
}

export function createOwnerIntervals(): OwnerIntervals {
  const seconds = new Map<string, number>();
  let inForce: readonly Instance[] = [];
  let own: ReadonlySet<string> = new Set();
  return {
    setInForce: (instances, ownAddresses) => {
      [inForce, own] = [instances, ownAddresses];
      const names = new Set(instances.map(({ name }) => name));
      for (const group of seconds.keys()) if (!names.has(group)) seconds.delete(group);
    },
    noteAdvert: (link, advert) => {
      for (const instance of inForce) {
        if (instance.interface !== link || !obeysAdvert(instance, advert, own)) continue;
        seconds.set(instance.name, advert.intervalSeconds);
      }
    },
    atOwnerInterval: (instance) => ({
      ...instance,
      advertIntervalSeconds: Math.max(instance.advertIntervalSeconds, seconds.get(instance.name) ?? 0),
    }),
  };
}
