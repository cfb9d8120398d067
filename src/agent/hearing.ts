/** Whether keepalived gets the adverts that are on the wire, by its own count: it is asked only while it matters. */
import { isOwnersAdvert, type WatchedGroup } from "../core/split-brain.ts";
import type { VrrpState } from "../core/vrrp-dump.ts";
import type { WireEvidence } from "../core/wire-evidence.ts";

/** Between two questions, ms: an owner sends several adverts meanwhile, with VRRPv2 one. */
const ASK_MS = 1_100;
/** A count of so long ago, ms, says nothing of now. */
const OLD_MS = 4_000;

export interface Hearing {
  /** Undefined while it is not known, or nobody else is an owner. */
  of(group: WatchedGroup, evidence: WireEvidence, nowMs: number): boolean | undefined;
}

export function watchHearing(ask: () => Promise<readonly VrrpState[] | undefined>): Hearing {
  const counts = new Map<string, { received: number; atMs: number; isGrowing: boolean | undefined }>();
  let askedMs = Number.NEGATIVE_INFINITY;

  const take = (states: readonly VrrpState[], nowMs: number) => {
    for (const { instance, stats } of states) {
      const received = stats["advert_rcvd"] ?? 0;
      const before = counts.get(instance);
      const isComparable = before !== undefined && nowMs - before.atMs < OLD_MS;
      const isGrowing = isComparable ? received !== before.received : undefined;
      counts.set(instance, { received, atMs: nowMs, isGrowing });
    }
  };
  return {
    of: (group, evidence, nowMs) => {
      const isContested =
        group.isMaster && [...evidence.speakers.values()].some((speaker) => isOwnersAdvert(group, speaker));
      if (!isContested) return undefined;
      if (nowMs - askedMs >= ASK_MS) {
        askedMs = nowMs;
        void ask().then(
          (states) => states && take(states, performance.now()),
          () => undefined, // it is shown as a contradiction
        );
      }
      const count = counts.get(group.instance.name);
      return count !== undefined && nowMs - count.atMs < OLD_MS ? count.isGrowing : undefined;
    },
  };
}
