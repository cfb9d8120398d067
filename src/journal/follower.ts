/**
 * What a follower of the journal shows: each entry as it comes, and each move once its sentence is complete. The cause of a
 * move and the next owner may be recorded some seconds after it.
 */
import { elapsedMs, instantMs } from "../text/instant.ts";
import { concerns } from "./affected.ts";
import type { JournalEntry } from "./event.ts";
import { FOLLOW_UP_MS } from "./follow-up.ts";
import { type ReadableEntry, type ReadableMove, toReadableJournal } from "./readable.ts";
import { type JournalSelection, selectJournal } from "./selection.ts";

/** The number of entries that are kept to explain a later move: as many as the files have. */
const MAX_KEPT = 5_000;

type FollowedItem = ReadableEntry | ReadableMove;

export interface JournalFollower {
  /** The entries that were there before, as they were asked for, and the moves among them. To be called once, first. */
  begin(history: readonly JournalEntry[], selection: JournalSelection): FollowedItem[];
  /** Takes the entries that have come since. An empty list means that only time has passed. `now` is ISO 8601. */
  take(entries: readonly JournalEntry[], now: string): FollowedItem[];
}

export function createJournalFollower(): JournalFollower {
  let kept: readonly JournalEntry[] = [];
  let group: string | undefined;
  /** The moves that need not be shown any more. */
  let shown = new Set<string>();
  let hasPending = false;

  const keyOf = ({ at, group: name, move, entry }: ReadableMove) =>
    [kept[entry]?.at, at, name, move].join(" ");
  const isDue = ({ at, isComplete, entry }: ReadableMove, now: string) =>
    isComplete || elapsedMs(kept[entry]?.at ?? at, now) > FOLLOW_UP_MS;
  const takeMoves = (moves: readonly ReadableMove[], now: string): ReadableMove[] => {
    const open = moves.filter((move) => !shown.has(keyOf(move)));
    const due = open.filter((move) => isDue(move, now));
    hasPending = due.length < open.length;
    shown = new Set(moves.filter((move) => shown.has(keyOf(move)) || due.includes(move)).map(keyOf));
    return due.filter((move) => group === undefined || move.group === group);
  };
  return {
    begin: (history, selection) => {
      kept = keepLast(history);
      group = selection.group;
      const readable = toReadableJournal(kept);
      const { entries, moves } = selectJournal(readable, selection);
      const last = kept.at(-1)?.at ?? "";
      const due = new Set(takeMoves(readable.moves, last));
      const byEntry = Map.groupBy(
        moves.filter((move) => due.has(move)),
        ({ entry }) => entry,
      );
      return entries.flatMap((entry) => [entry, ...(byEntry.get(entry.index) ?? [])]);
    },
    take: (entries, now) => {
      if (entries.length === 0 && !hasPending) return [];
      kept = keepLast([...kept, ...entries]);
      const readable = toReadableJournal(kept);
      const fresh = readable.entries.slice(kept.length - entries.length);
      const moves = takeMoves(readable.moves, now);
      return [...fresh.filter(({ entry }) => concerns(entry, group)), ...moves].toSorted(byTime);
    },
  };
}

/** The last entries, and the one that names this host. */
function keepLast(entries: readonly JournalEntry[]): readonly JournalEntry[] {
  if (entries.length <= MAX_KEPT) return entries;
  const host = entries.slice(0, -MAX_KEPT).findLast(({ kind }) => kind === "host");
  return [...(host === undefined ? [] : [host]), ...entries.slice(-MAX_KEPT)];
}

/** A move stands after the entry that records it. */
function byTime(a: FollowedItem, b: FollowedItem): number {
  const timeOf = (item: FollowedItem) => instantMs("words" in item ? item.at : item.recordedAt) ?? 0;
  return timeOf(a) - timeOf(b);
}
