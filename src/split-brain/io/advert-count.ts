/** Whether keepalived receives the adverts that are on the wire, by its own count. It is asked only while that matters. */

import type { InstanceDump } from "../../keepalived/dump.ts";
import { retainNames } from "../../text/by-name.ts";
import type { WireEvidence } from "../evidence.ts";
import { isOwnerAdvert, type WatchedGroup } from "../watched-group.ts";

/** keepalived is asked this often: long enough for at least one advert, even of VRRPv2. */
const ASK_INTERVAL_MS = 1_100;
/** An advert arrives within this many of its intervals. */
const INTERVAL_SLACK = 1.1;
/** An older count says nothing about now. */
const MAX_AGE_MS = 4_000;
/** An advert is heard here this long after it came to the host, at most. */
const REPORT_DELAY_MS = 500;

export interface AdvertCount {
  /** Undefined while that is not known, and while no other host sends adverts as owner. */
  isReceiving(group: WatchedGroup, evidence: WireEvidence, nowMs: number): boolean | undefined;
}

interface Count {
  readonly received: number;
  /** When keepalived last gave this count. */
  readonly atMs: number;
  /** When keepalived first gave this count. */
  readonly sinceMs: number;
  readonly hasGrown: boolean;
  /** When an advert was last heard on the wire before keepalived gave this count. */
  readonly heardMs: number;
}

export function createAdvertCount(ask: () => Promise<readonly InstanceDump[] | undefined>): AdvertCount {
  const counts = new Map<string, Count>();
  /** When an advert of another owner was last heard, by group. */
  const heard = new Map<string, number>();
  let askedMs = Number.NEGATIVE_INFINITY;

  const note = (dumps: readonly InstanceDump[], atMs: number, heardBefore: ReadonlyMap<string, number>) => {
    const groups = dumps.map(({ instance }) => instance);
    retainNames(counts, groups);
    retainNames(heard, groups);
    for (const { instance, stats } of dumps) {
      const received = stats["advert_rcvd"] ?? 0;
      const known = counts.get(instance);
      const previous = known !== undefined && atMs - known.atMs < MAX_AGE_MS ? known : undefined;
      const isSame = previous?.received === received;
      const heardMs = heardBefore.get(instance) ?? Number.NEGATIVE_INFINITY;
      const first = { received, atMs, sinceMs: atMs, hasGrown: previous !== undefined, heardMs };
      counts.set(instance, isSame ? { ...previous, atMs, heardMs } : first);
    }
  };
  return {
    isReceiving: (group, evidence, nowMs) => {
      const rivals = [...evidence.senders.values()].filter(({ advert }) => isOwnerAdvert(group, advert));
      if (!group.isOwner || rivals.length === 0) return undefined;
      heard.set(group.instance.name, Math.max(...rivals.map(({ lastMs }) => lastMs)));
      if (nowMs - askedMs >= ASK_INTERVAL_MS) {
        askedMs = nowMs;
        const heardBefore = new Map(heard);
        void ask().then(
          (dumps) => dumps && note(dumps, nowMs, heardBefore),
          () => undefined, // the status shows it as a contradiction
        );
      }
      const count = counts.get(group.instance.name);
      if (count === undefined || nowMs - count.atMs >= MAX_AGE_MS) return undefined;
      const intervalsMs = rivals.map(({ advert }) => 1_000 * advert.intervalSeconds);
      const waitMs = Math.max(ASK_INTERVAL_MS, INTERVAL_SLACK * Math.max(...intervalsMs));
      // a count that does not grow proves nothing once the other owner has stopped
      const hasMissed = count.heardMs - REPORT_DELAY_MS > count.sinceMs;
      if (count.atMs - count.sinceMs >= waitMs && hasMissed) return false;
      return count.hasGrown || undefined;
    },
  };
}
