/** What became of the owner before, by keepalived's counters in its accounts of before this host became owner and after. */
import type { InstanceDump } from "./dump.ts";

/** `given-up`: it said so; `silent`: it was heard, and then not; `none-heard`: there was none, or none that is heard. */
export type PreviousOwner = "given-up" | "silent" | "none-heard";

/** Of one instance. */
export interface TimedDump {
  /** ms, of a clock that is never set. */
  readonly atMs: number;
  readonly state: Pick<InstanceDump, "state" | "stats">;
}

/** An owner is heard several times in it, ms: VRRPv2 sends an advert a second, and three that are missed are a silence. */
const HEARD_WITHIN_MS = 5_000;

/**
 * The accounts that a change of state is held against, with one more. The first is of before the owner's silence: one of
 * within it has counted the owner's last advert already.
 */
export function keepDumps(accounts: readonly TimedDump[], next: TimedDump): TimedDump[] {
  if (next.state.state === "MASTER") return [next];
  const isBefore = ({ atMs }: TimedDump) => atMs <= next.atMs - HEARD_WITHIN_MS;
  const first = accounts.findLastIndex(isBefore);
  return [...accounts.slice(Math.max(0, first)), next];
}

/** @returns undefined where this host did not become owner with `next`, or is not known to. */
export function derivePreviousOwner(
  accounts: readonly TimedDump[],
  next: TimedDump,
): PreviousOwner | undefined {
  const [before, last] = [accounts[0], accounts.at(-1)];
  if (before === undefined || last === undefined) return undefined;
  if (last.state.state === "MASTER" || next.state.state !== "MASTER") return undefined;
  // the farewell comes at the very end, and is not that of an owner before it
  if (hasGrown("pri_zero_rcvd", last, next)) return "given-up";
  return hasGrown("advert_rcvd", before, next) ? "silent" : "none-heard";
}

/** A reload may begin to count anew. */
function hasGrown(counter: string, before: TimedDump, after: TimedDump): boolean {
  const isAnew = countOf(after, "advert_rcvd") < countOf(before, "advert_rcvd");
  return countOf(after, counter) > (isAnew ? 0 : countOf(before, counter));
}

function countOf({ state }: TimedDump, counter: string): number {
  return state.stats[counter] ?? 0;
}
