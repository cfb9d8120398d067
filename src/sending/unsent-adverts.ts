/**
 * Adverts that keepalived could not send, by its log: a line for each advert and each peer. A peer is unreachable once
 * three adverts in a row to it failed, because then it takes over.
 */
import { familyOf } from "../network/address.ts";
import { retainNames } from "../text/by-name.ts";
import type { Instance } from "../vrrp/instance.ts";
import { MULTICAST_GROUP } from "../vrrp/protocol.ts";

/** A peer takes over after three missing adverts. */
const FAILURES_IN_A_ROW = 3;
/**
 * Two failures are in a row if at most this many intervals lie between them. With a good advert in between, two
 * intervals lie between them.
 */
const MAX_GAP_INTERVALS = 1.75;
const MIN_GAP_MS = 120;

/** All times are of one monotonic clock. */
export interface UnsentAdverts {
  /** Notes a failure towards `destination`, or by multicast where that is undefined. */
  note(group: string, destination: string | undefined, nowMs: number): void;
  /** The peers that the last adverts of the group did not reach. The multicast group counts as one. */
  outOfReach(instance: Instance, nowMs: number): readonly string[];
  /** Forgets the failures of all other groups. */
  retainGroups(groups: ReadonlySet<string>): void;
}

export function createUnsentAdverts(): UnsentAdverts {
  /** Of each group, when the last adverts to each peer failed. */
  const failures = new Map<string, Map<string, number[]>>();
  return {
    note: (group, destination = "", nowMs) => {
      const byPeer = failures.get(group) ?? new Map<string, number[]>();
      byPeer.set(destination, [...(byPeer.get(destination) ?? []), nowMs].slice(-FAILURES_IN_A_ROW));
      failures.set(group, byPeer);
    },
    outOfReach: (instance, nowMs) => {
      const { name, unicast } = instance;
      const maxGapMs = Math.max(MAX_GAP_INTERVALS * 1_000 * instance.advertIntervalSeconds, MIN_GAP_MS);
      return advertDestinations(instance).filter((peer) => {
        const times = [...(failures.get(name)?.get(unicast === undefined ? "" : peer) ?? []), nowMs];
        const gaps = times.slice(1).map((time, index) => time - (times[index] ?? time));
        return times.length > FAILURES_IN_A_ROW && gaps.every((gap) => gap <= maxGapMs);
      });
    },
    retainGroups: (groups) => retainNames(failures, groups),
  };
}

/** Where the group's adverts go. */
export function advertDestinations({ unicast, firstVip }: Instance): readonly string[] {
  return unicast?.peers ?? [MULTICAST_GROUP[familyOf(firstVip.address)]];
}
