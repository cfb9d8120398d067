/** What the previous owner did when this host took over, by keepalived's counters of adverts before and after. */
import type { InstanceDump } from "./dump.ts";

/**
 * `given-up`: it announced its end with an advert of priority 0. `silent`: its adverts stopped. `none-heard`: there
 * was no owner, or keepalived counted none of its adverts: it counts them in the state BACKUP alone.
 */
export type PreviousOwner = "given-up" | "silent" | "none-heard";

/** A dump of one instance, and when it was made. */
export interface TimedDump {
  /** A monotonic time. */
  readonly atMs: number;
  readonly dump: Pick<InstanceDump, "state" | "stats">;
}

/** Longer than the silence after which hosts take over: 3 s with VRRPv2, which sends an advert a second. */
const SILENCE_MAX_MS = 5_000;

/**
 * The dumps to compare the next one with, `next` included. The first of them is older than the owner's silence, so that
 * its counter lacks the owner's last adverts.
 */
export function keepDumps(dumps: readonly TimedDump[], next: TimedDump): TimedDump[] {
  if (next.dump.state === "MASTER") return [next];
  const isOlder = ({ atMs }: TimedDump) => atMs <= next.atMs - SILENCE_MAX_MS;
  const first = dumps.findLastIndex(isOlder);
  return [...dumps.slice(Math.max(0, first)), next];
}

/** Undefined where this host did not become owner with `next`, or the earlier dumps cannot show it. */
export function derivePreviousOwner(dumps: readonly TimedDump[], next: TimedDump): PreviousOwner | undefined {
  const [first, last] = [dumps[0], dumps.at(-1)];
  if (first === undefined || last === undefined) return undefined;
  if (last.dump.state === "MASTER" || next.dump.state !== "MASTER") return undefined;
  // an advert of priority 0 before the last dump came from an earlier owner
  if (hasGrown("pri_zero_rcvd", last, next)) return "given-up";
  return hasGrown("advert_rcvd", first, next) ? "silent" : "none-heard";
}

/** A reload can reset the counters. */
function hasGrown(counter: string, before: TimedDump, after: TimedDump): boolean {
  const isReset = countOf(after, "advert_rcvd") < countOf(before, "advert_rcvd");
  return countOf(after, counter) > (isReset ? 0 : countOf(before, counter));
}

function countOf({ dump }: TimedDump, counter: string): number {
  return dump.stats[counter] ?? 0;
}
