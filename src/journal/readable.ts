/** The journal for programs: the entries with their words, and the moves of VIPs among them. */

import { escapeControl } from "../text/escape.ts";
import { instantMs } from "../text/instant.ts";
import type { JournalEntry } from "./event.ts";
import { deriveMoves } from "./moves.ts";
import { describeEntry } from "./words.ts";

/** An entry as it was written, what it says, and its place among all. */
interface ToldEntry {
  readonly at: string;
  readonly entry: JournalEntry;
  readonly words: string;
  readonly index: number;
}

interface ToldMove {
  readonly at: string;
  readonly group: string;
  readonly move: "left" | "came";
  readonly sentence: string;
  /** Index of the entry that it is about. */
  readonly entry: number;
}

/** Words and sentences are escaped: they cannot draw on a terminal. */
export interface ReadableJournal {
  readonly entries: readonly ToldEntry[];
  readonly moves: readonly ToldMove[];
}

export function toReadableJournal(all: readonly JournalEntry[]): ReadableJournal {
  return {
    entries: all.map((entry, index) => ({
      at: entry.at,
      entry,
      words: escapeControl(describeEntry(entry)),
      index,
    })),
    moves: deriveMoves(all).map(({ at, group, move, sentence, index }) => {
      return { at, group, move, sentence: escapeControl(sentence), entry: index };
    }),
  };
}

/** @param sinceMs what is of before is left out; ms since 1970. */
export function journalSince({ entries, moves }: ReadableJournal, sinceMs: number): ReadableJournal {
  const isWanted = ({ at }: { readonly at: string }) => (instantMs(at) ?? sinceMs) >= sinceMs;
  return { entries: entries.filter(isWanted), moves: moves.filter(isWanted) };
}

/** What `journal --json` prints and HTTP answers; the shape is documented in README. */
export function journalJson({ entries, moves }: ReadableJournal, indent?: number): string {
  const shown = {
    entries: entries.map(({ entry, words }) => ({ ...entry, words })),
    moves: moves.map(({ at, group, move, sentence }) => ({ at, group, move, sentence })),
  };
  return JSON.stringify(shown, undefined, indent);
}
