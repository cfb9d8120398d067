/**
 * The pace of owners that send adverts more slowly than this host would.
 *
 * With VRRPv3 a backup waits for three of its owner's intervals. keepalived 2.2.7 forgets that interval when it reads
 * its configuration again, and when it leaves the state FAULT. Then it waits for three of its own intervals, and
 * becomes a second owner beside a slower one. So a backup of such an owner has the owner's interval in its
 * configuration, until it owns the VIPs itself.
 */
import { retainNames } from "../text/by-name.ts";
import type { Advert } from "../vrrp/advert.ts";
import type { Instance } from "../vrrp/instance.ts";

/** This many adverts in a row must state an interval, so that a forged one among them has no effect. */
const SAME_ADVERTS = 2;
/** A longer interval is not adopted: a forged one would keep the VIPs without an owner, and silent-owners.ts ends such waits. */
const LONGEST_SECONDS = 1;

export interface OwnerPace {
  /** Sets what this host wants to run, with its own intervals. */
  setWanted(instances: readonly Instance[]): void;
  /** Notes an advert of the owner that this host backs up. @returns whether the pace of a group has changed. */
  noteAdvert(group: string, advert: Advert): boolean;
  /** The instance at the pace of its owner, where that is slower. */
  paced(instance: Instance): Instance;
  /** This host owns the VIPs now. @returns whether the pace of a group has changed. */
  forget(group: string): boolean;
}

interface Heard {
  readonly seconds: number;
  readonly adverts: number;
}

export function createOwnerPace(): OwnerPace {
  const own = new Map<string, number>();
  const heard = new Map<string, Heard>();
  const paceOf = (group: string): number | undefined => {
    const { seconds, adverts } = heard.get(group) ?? { seconds: 0, adverts: 0 };
    return adverts >= SAME_ADVERTS ? seconds : undefined;
  };
  const change = (group: string, next: Heard | undefined): boolean => {
    const before = paceOf(group);
    if (next === undefined) heard.delete(group);
    else heard.set(group, next);
    return paceOf(group) !== before;
  };
  return {
    setWanted: (instances) => {
      own.clear();
      for (const { name, vrrpVersion, advertIntervalSeconds } of instances)
        if (vrrpVersion === 3) own.set(name, advertIntervalSeconds);
      retainNames(heard, own.keys());
    },
    noteAdvert: (group, { intervalSeconds: seconds, priority }) => {
      const ownSeconds = own.get(group);
      if (ownSeconds === undefined || priority === 0) return false;
      if (seconds <= ownSeconds || seconds > LONGEST_SECONDS) return change(group, undefined);
      const before = heard.get(group);
      const isSame = before?.seconds === seconds;
      const adverts = isSame ? Math.min(before.adverts + 1, SAME_ADVERTS) : 1;
      return change(group, { seconds, adverts });
    },
    paced: (instance) => {
      const seconds = paceOf(instance.name);
      // an owner whose instance starts again in a planned change has an interval for one election
      const isOwn = instance.advertIntervalSeconds === own.get(instance.name);
      return seconds !== undefined && isOwn ? { ...instance, advertIntervalSeconds: seconds } : instance;
    },
    forget: (group) => change(group, undefined),
  };
}
