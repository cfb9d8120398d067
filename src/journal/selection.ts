/**
 * The part of the journal that a reader asked for. An entry that is left out still counts as the cause of a move that
 * is shown.
 */
import { instantMs } from "../text/instant.ts";
import { concerns, groupsOf } from "./affected.ts";
import type { JournalEntry } from "./event.ts";
import type { ReadableJournal } from "./readable.ts";

export interface JournalSelection {
  /** What was written down earlier is left out; ms since 1970. */
  readonly sinceMs?: number | undefined;
  /** What concerns other groups only is left out. */
  readonly group?: string | undefined;
  /** At most this many of the last entries, and the moves among them. */
  readonly lastEntries?: number | undefined;
}

export function selectJournal(
  { entries, moves }: ReadableJournal,
  { sinceMs = Number.NEGATIVE_INFINITY, group, lastEntries }: JournalSelection,
): ReadableJournal {
  const isRecent = ({ at }: { readonly at: string }) => (instantMs(at) ?? sinceMs) >= sinceMs;
  const wanted = entries.filter((each) => isRecent(each) && concerns(each.entry, group));
  const shown = lastEntries === undefined ? wanted : wanted.slice(Math.max(0, wanted.length - lastEntries));
  const firstIndex = lastEntries === undefined ? 0 : (shown[0]?.index ?? Number.POSITIVE_INFINITY);
  const isShown = (move: ReadableJournal["moves"][number]) =>
    isRecent({ at: move.recordedAt }) &&
    move.entry >= firstIndex &&
    (group === undefined || move.group === group);
  return { entries: shown, moves: moves.filter(isShown) };
}

/** The groups that the journal names, sorted. */
export function groupsIn(entries: readonly JournalEntry[]): string[] {
  return [...new Set(entries.flatMap((entry) => groupsOf(entry) ?? []))].toSorted();
}
