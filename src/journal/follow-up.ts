/** What is recorded of a move shortly after it: how the previous owner ended, or who is the next one. */
import { elapsedMs } from "../text/instant.ts";
import type { JournalEntry } from "./event.ts";

/** It is recorded at most this long after the move, also on a host that is very busy. */
export const FOLLOW_UP_MS = 10_000;

type OfGroup = Extract<JournalEntry, { group: string }>;

/** The entry of that kind that follows a transition soon, before the group gains or loses ownership again. */
export function followUp<K extends OfGroup["kind"]>(
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
