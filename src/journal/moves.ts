/** The VIP moves to and from this host, each as a sentence with its cause. */

import { elapsedMs, preciseTimeOfDay, timeOfDay } from "../text/instant.ts";
import { arrivalReason } from "./arrival.ts";
import { type Cause, causeOf, type Turn } from "./cause.ts";
import type { JournalEntry } from "./event.ts";
import { followUp } from "./follow-up.ts";

/** A next owner that was heard so long before a move was owner before it: a move is recorded with a delay. */
const OWNED_BEFORE_MS = 500;

export interface VipMove {
  /** ISO 8601: when it happened, at the earliest. */
  readonly at: string;
  /** ISO 8601: when it was written down, which is later where this host was stopped or killed meanwhile. */
  readonly recordedAt: string;
  readonly group: string;
  readonly move: "left" | "came";
  readonly sentence: string;
  /** Index of the entry that records the move. */
  readonly index: number;
  /** Whether the reason and the next owner are known, so that later entries add nothing. */
  readonly isComplete: boolean;
}

/**
 * The moves in the order of the entries. A sentence reads "web left host-2 at 03:14:07: port 80/tcp not published for
 * 0.8 s"; its time is in UTC.
 *
 * @param entries of one host, the oldest first.
 */
export function deriveMoves(entries: readonly JournalEntry[]): VipMove[] {
  const owned = new Set<string>();
  let host = entries.find((entry) => entry.kind === "host")?.name ?? "this host";
  return entries.flatMap((entry, index): VipMove[] => {
    if (entry.kind === "host") host = entry.name;
    if (entry.kind === "agent-started") return movesOfKilledAgent(entries, index, { owned, host });
    if (entry.kind !== "transition") return [];
    const { group, from, to } = entry;
    if (to === "MASTER") owned.add(group);
    else owned.delete(group);
    if (to === "MASTER") return [arrivalOf({ group, index, entries }, host)];
    return from === "MASTER" ? [departureOf({ group, index, entries }, host)] : [];
  });
}

function arrivalOf({ entries, index, group }: Turn, host: string): VipMove {
  const at = entries[index]?.at ?? "";
  const reason = arrivalReason(entries, index, group);
  const sentence = `${group} came to ${host} at ${timeOfDay(at)}${reason === undefined ? "" : `: ${reason}`}`;
  return { at, recordedAt: at, group, move: "came", sentence, index, isComplete: reason !== undefined };
}

function departureOf(departure: Turn, host: string): VipMove {
  const { entries, index, group } = departure;
  const at = entries[index]?.at ?? "";
  const cause = causeOf(departure);
  const { text, leftAfter }: Cause = cause ?? { text: "the journal does not say why" };
  const when = leftAfter === undefined ? `at ${timeOfDay(at)}` : `after ${timeOfDay(leftAfter)}`;
  const nextOwner = nextOwnerClause(departure, cause?.isNoticedLate === true);
  const sentence = `${group} left ${host} ${when}: ${text}${nextOwner}`;
  const isComplete = cause !== undefined && nextOwner !== "";
  return { at: leftAfter ?? at, recordedAt: at, group, move: "left", sentence, index, isComplete };
}

/** @param mayBeEarlier whether the next owner may have come before this host noticed that it is owner no more. */
function nextOwnerClause({ entries, index, group }: Turn, mayBeEarlier: boolean): string {
  const found = followUp(entries, index, group, "taken-over");
  if (found === undefined) return "";
  const { by, since } = found;
  const wasEarlier = since !== undefined && elapsedMs(since, entries[index]?.at ?? "") >= OWNED_BEFORE_MS;
  return mayBeEarlier && wasEarlier
    ? `; ${by} owned it since ${preciseTimeOfDay(since)}`
    : `; ${by} took over`;
}

/** The agent starts, and its journal still has this host as owner: so the previous agent died without stopping. */
function movesOfKilledAgent(
  entries: readonly JournalEntry[],
  index: number,
  { owned, host }: { readonly owned: Set<string>; readonly host: string },
): VipMove[] {
  const groups = [...owned];
  owned.clear();
  const at = entries[index - 1]?.at ?? "";
  const recordedAt = entries[index]?.at ?? at;
  return groups.map((group) => {
    const cause = "the agent was killed, or the host went down";
    const sentence = `${group} left ${host} after ${timeOfDay(at)}: ${cause}`;
    return { at, recordedAt, group, move: "left", sentence, index, isComplete: true };
  });
}
