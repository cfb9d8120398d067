/** The VIP moves to and from this host, each as a sentence with its cause. */

import { elapsedMs, timeOfDay } from "../text/instant.ts";
import { causeOf } from "./cause.ts";
import type { JournalEntry } from "./event.ts";

export interface VipMove {
  /** ISO 8601. */
  readonly at: string;
  readonly group: string;
  readonly move: "left" | "came";
  readonly sentence: string;
  /** Index of the entry that records the move. */
  readonly index: number;
}

/** How the previous owner ended, or who is the next one, is recorded at most this long after the move. */
const FOLLOW_UP_MS = 5_000;

const ARRIVAL_REASONS = {
  "given-up": "its owner gave it up",
  silent: "its owner fell silent",
  "none-heard": "no owner was heard",
} as const;

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
    const { at, group, from, to } = entry;
    if (to === "MASTER") {
      owned.add(group);
      const why = arrivalReason(entries, index, group);
      return [
        { at, group, move: "came", sentence: `${group} came to ${host} at ${timeOfDay(at)}${why}`, index },
      ];
    }
    owned.delete(group);
    if (from !== "MASTER") return [];
    const cause = causeOf({ group, index, entries }) ?? "the journal does not say why";
    const nextOwner = nextOwnerClause(entries, index, group);
    const sentence = `${group} left ${host} at ${timeOfDay(at)}: ${cause}${nextOwner}`;
    return [{ at, group, move: "left", sentence, index }];
  });
}

function arrivalReason(entries: readonly JournalEntry[], index: number, group: string): string {
  const found = followUp(entries, index, group, "succession");
  return found === undefined ? "" : `: ${ARRIVAL_REASONS[found.how]}`;
}

function nextOwnerClause(entries: readonly JournalEntry[], index: number, group: string): string {
  const found = followUp(entries, index, group, "taken-over");
  return found === undefined ? "" : `; ${found.by} took over`;
}

/** The entry of that kind that follows a transition soon, before the group gains or loses ownership again. */
function followUp<K extends "succession" | "taken-over">(
  entries: readonly JournalEntry[],
  index: number,
  group: string,
  kind: K,
): Extract<JournalEntry, { kind: K }> | undefined {
  const at = entries[index]?.at ?? "";
  for (const entry of entries.slice(index + 1)) {
    if (elapsedMs(at, entry.at) > FOLLOW_UP_MS) break;
    if (!("group" in entry) || entry.group !== group) continue;
    if (entry.kind === kind) return entry as Extract<JournalEntry, { kind: K }>;
    if (entry.kind === "transition" && (entry.from === "MASTER" || entry.to === "MASTER")) break;
  }
  return undefined;
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
  return groups.map((group) => {
    const cause = "the agent was killed, or the host went down";
    const sentence = `${group} left ${host} after ${timeOfDay(at)}: ${cause}`;
    return { at, group, move: "left", sentence, index };
  });
}
