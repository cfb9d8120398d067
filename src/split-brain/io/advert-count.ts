/** Whether keepalived gets the adverts that are on the wire, by its own count: it is asked only while it matters. */

import type { InstanceDump } from "../../keepalived/dump.ts";
import type { WireEvidence } from "../evidence.ts";
import { isOwnersAdvert, type WatchedGroup } from "../watched-group.ts";

/** Between two questions, ms: an owner sends several adverts meanwhile, with VRRPv2 one. */
const ASK_MS = 1_100;
/** An advert comes within so many of its intervals. */
const SLACK = 1.1;
/** A count of so long ago, ms, says nothing of now. */
const OLD_MS = 4_000;

export interface Hearing {
  /** Undefined while it is not known, or nobody else is an owner. */
  of(group: WatchedGroup, evidence: WireEvidence, nowMs: number): boolean | undefined;
}

interface Count {
  readonly received: number;
  /** When keepalived was asked last, and for the first time with this count, ms. */
  readonly atMs: number;
  readonly sinceMs: number;
  readonly hasGrown: boolean;
}

export function watchHearing(ask: () => Promise<readonly InstanceDump[] | undefined>): Hearing {
  const counts = new Map<string, Count>();
  let askedMs = Number.NEGATIVE_INFINITY;

  const take = (states: readonly InstanceDump[], atMs: number) => {
    for (const { instance, stats } of states) {
      const received = stats["advert_rcvd"] ?? 0;
      const known = counts.get(instance);
      const before = known !== undefined && atMs - known.atMs < OLD_MS ? known : undefined;
      const isSame = before?.received === received;
      counts.set(instance, isSame ? { ...before, atMs } : fresh(received, atMs, before !== undefined));
    }
  };
  return {
    of: (group, evidence, nowMs) => {
      const rivals = [...evidence.speakers.values()].filter((speaker) => isOwnersAdvert(group, speaker));
      if (!group.isMaster || rivals.length === 0) return undefined;
      if (nowMs - askedMs >= ASK_MS) {
        askedMs = nowMs;
        void ask().then(
          (states) => states && take(states, nowMs),
          () => undefined, // it is shown as a contradiction
        );
      }
      const count = counts.get(group.instance.name);
      if (count === undefined || nowMs - count.atMs >= OLD_MS) return undefined;
      const intervals = rivals.map(({ advert }) => advert.intervalSeconds * 1_000);
      const isDeaf = count.atMs - count.sinceMs >= Math.max(ASK_MS, SLACK * Math.max(...intervals));
      return isDeaf ? false : count.hasGrown || undefined;
    },
  };
}

function fresh(received: number, atMs: number, hasGrown: boolean): Count {
  return { received, atMs, sinceMs: atMs, hasGrown };
}
