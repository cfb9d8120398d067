/** What happened on several hosts in one list. Each host's journal comes as the JSON of its `GET /journal`. */

import * as v from "valibot";
import { timeOfDay } from "../text/instant.ts";
import type { ReadableJournal } from "./readable.ts";

export interface TimelineLine {
  /** ISO 8601, by the clock of its host. */
  readonly at: string;
  /** Name of the host. */
  readonly host: string;
  /** `came`, `left`: a VIP moved. */
  readonly kind: "came" | "left" | "entry";
  /** Absent for what concerns no single group. */
  readonly group: string | undefined;
  readonly text: string;
}

/** A journal without what only its own host needs. */
interface JournalDocument {
  readonly entries: readonly {
    readonly at: string;
    readonly kind: string;
    readonly group: string | undefined;
    readonly words: string;
  }[];
  readonly moves: readonly {
    readonly at: string;
    /** Absent in a document of an older agent. */
    readonly recordedAt?: string | undefined;
    readonly group: string;
    readonly move: "came" | "left";
    readonly sentence: string;
  }[];
}

/** Lines of one timeline. */
const MAX_LINES = 300;
/** A journal in memory has 300 entries, and each may be a move. */
const MAX_ENTRIES = 300;
const MAX_TEXT = 1_000;
const MAX_NAME = 255;

const instant = v.pipe(v.string(), v.isoTimestamp());
const text = cut(MAX_TEXT);
const name = cut(MAX_NAME);

const documentSchema = v.object({
  entries: last(v.object({ at: instant, kind: name, group: v.optional(name), words: text })),
  moves: last(
    v.object({
      at: instant,
      recordedAt: v.optional(instant),
      group: name,
      move: v.picklist(["came", "left"]),
      sentence: text,
    }),
  ),
});

/** Undefined for what is no journal. The last 300 entries are read, and long texts are cut. */
export function parseJournalDocument(document: unknown): JournalDocument | undefined {
  const parsed = v.safeParse(documentSchema, document);
  if (!parsed.success) return undefined;
  const { entries, moves } = parsed.output;
  return { entries: entries.map((entry) => ({ ...entry, group: entry.group })), moves };
}

export function journalDocument({ entries, moves }: ReadableJournal): JournalDocument {
  return {
    entries: entries.map(({ at, entry, words }) => ({
      at,
      kind: entry.kind,
      group: "group" in entry ? entry.group : undefined,
      words,
    })),
    moves,
  };
}

/** The lines of one host. A move stands for its transition, and for the entries about the owners before and after. */
export function timelineOf(host: string, { entries, moves }: JournalDocument): TimelineLine[] {
  const moved = new Set(moves.map(({ at, recordedAt = at, group }) => `${recordedAt} ${group}`));
  const isPartOfMove = ({ kind, at, group }: JournalDocument["entries"][number]) =>
    kind === "succession" || kind === "taken-over" || (kind === "transition" && moved.has(`${at} ${group}`));
  return [
    ...entries
      .filter((entry) => !isPartOfMove(entry))
      .map(({ at, group, words }) => ({ at, host, kind: "entry" as const, group, text: words })),
    ...moves.map(({ at, group, move, sentence }) => ({
      at,
      host,
      kind: move,
      group,
      text: withoutTime(sentence, at),
    })),
  ];
}

/** "web left node-1 at 03:14:07: drained by command" has its time in `at` already. */
function withoutTime(sentence: string, at: string): string {
  return sentence.replace(` at ${timeOfDay(at)}`, "");
}

/**
 * The newest 300 lines of all hosts, the newest first. Each host has an equal share for certain: one whose clock is ahead, or
 * that lies, cannot drive out the others. Of the same instant, what a host wrote later comes first.
 */
export function mergeTimelines(timelines: readonly (readonly TimelineLine[])[]): TimelineLine[] {
  const share = Math.floor(MAX_LINES / Math.max(1, timelines.length));
  const byHost = timelines.map((lines) => newestFirst(lines.toReversed()));
  const certain = byHost.flatMap((lines) => lines.slice(0, share));
  const others = newestFirst(byHost.flatMap((lines) => lines.slice(share)));
  return newestFirst([...certain, ...others.slice(0, MAX_LINES - certain.length)]);
}

function newestFirst(lines: readonly TimelineLine[]): TimelineLine[] {
  return lines.toSorted((one, other) => (one.at === other.at ? 0 : one.at < other.at ? 1 : -1));
}

function cut(length: number) {
  return v.pipe(
    v.string(),
    v.transform((full) => full.slice(0, length)),
  );
}

function last<Item extends v.GenericSchema>(item: Item) {
  return v.pipe(
    v.array(v.unknown()),
    v.transform((all) => all.slice(-MAX_ENTRIES)),
    v.array(item),
  );
}
