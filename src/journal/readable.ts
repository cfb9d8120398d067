/** The journal for people and programs: each entry with its words, and the VIP moves among the entries. */

import { escapeControl, printableJson } from "../text/escape.ts";
import { instantMs } from "../text/instant.ts";
import type { JournalEntry } from "./event.ts";
import { deriveMoves } from "./moves.ts";
import { describeEntry } from "./words.ts";

interface ReadableEntry {
  readonly at: string;
  /** As it was written. */
  readonly entry: JournalEntry;
  readonly words: string;
  /** Its index among all entries. */
  readonly index: number;
}

interface ReadableMove {
  readonly at: string;
  readonly group: string;
  readonly move: "left" | "came";
  readonly sentence: string;
  /** Index of the entry that records the move. */
  readonly entry: number;
}

/** Words and sentences are escaped, so they are safe to print on a terminal. */
export interface ReadableJournal {
  readonly entries: readonly ReadableEntry[];
  readonly moves: readonly ReadableMove[];
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

/** @param sinceMs entries and moves before this time are left out; ms since 1970. */
export function journalSince({ entries, moves }: ReadableJournal, sinceMs: number): ReadableJournal {
  const isRecent = ({ at }: { readonly at: string }) => (instantMs(at) ?? sinceMs) >= sinceMs;
  return { entries: entries.filter(isRecent), moves: moves.filter(isRecent) };
}

/** The JSON of `journal --json` and of /journal. docs/use/journal.md documents its shape. */
export function journalJson({ entries, moves }: ReadableJournal, indent?: number): string {
  const journal = {
    entries: entries.map(({ entry, words }) => ({ ...entry, words })),
    moves: moves.map(({ at, group, move, sentence }) => ({ at, group, move, sentence })),
  };
  return printableJson(journal, indent);
}
