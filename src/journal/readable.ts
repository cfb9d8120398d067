/** The journal for people and programs: each entry with its words, and the VIP moves among the entries. */

import { escapeControl, printableJson } from "../text/escape.ts";
import type { JournalEntry } from "./event.ts";
import { deriveMoves } from "./moves.ts";
import { describeEntry } from "./words.ts";

export interface ReadableEntry {
  readonly at: string;
  /** As it was written. */
  readonly entry: JournalEntry;
  readonly words: string;
  /** Its index among all entries. */
  readonly index: number;
}

export interface ReadableMove {
  readonly at: string;
  /** When it was written down. It is later than `at` where this host was stopped or killed meanwhile. */
  readonly recordedAt: string;
  readonly group: string;
  readonly move: "left" | "came";
  readonly sentence: string;
  /** Index of the entry that records the move. */
  readonly entry: number;
  /** Whether later entries add nothing to the sentence. */
  readonly isComplete: boolean;
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
    moves: deriveMoves(all).map(({ sentence, index, ...move }) => {
      return { ...move, sentence: escapeControl(sentence), entry: index };
    }),
  };
}

/** The JSON of `journal --json` and of /journal. docs/use/journal.md documents its shape. */
export function journalJson({ entries, moves }: ReadableJournal, indent?: number): string {
  return printableJson({ entries: entries.map(entryFields), moves: moves.map(moveFields) }, indent);
}

/** One line of `journal --follow --json`: an entry, or a move as the kind `move`. */
export function journalJsonLine(item: ReadableEntry | ReadableMove): string {
  return printableJson("words" in item ? entryFields(item) : { kind: "move", ...moveFields(item) });
}

function entryFields({ entry, words }: ReadableEntry): object {
  return { ...entry, words };
}

function moveFields({ at, recordedAt, group, move, sentence }: ReadableMove): object {
  return { at, recordedAt, group, move, sentence };
}
