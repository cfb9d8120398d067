/** The journal over HTTP. It is derived once per change, however many clients read it. */

import type { Journal } from "../../journal/io/journal.ts";
import { journalJson, type ReadableJournal, toReadableJournal } from "../../journal/readable.ts";
import { selectJournal } from "../../journal/selection.ts";
import { SINCE_FORMS, sinceMsOf } from "../../text/since.ts";
import { type Answer, textAnswer } from "../answer.ts";

/** Entries in each event. All are sent each time, as a later entry may explain an earlier one. */
const EVENT_ENTRIES = 100;
/** Clients are notified this long after the first new entry: entries come in bursts, and explain each other. */
const BATCH_MS = 250;

export interface JournalFeed {
  /**
   * @param since the query parameter, a duration or a time; undefined for all recent entries.
   * @param last the query parameter, how many of them at most.
   */
  answer(since: string | undefined, last?: string): Answer;
  /** All recent entries. */
  readonly journal: ReadableJournal;
  /** One line of JSON: the last 100 entries, and the moves among them. */
  latest(): string;
}

/** @param onChange called after `latest` has changed. */
export function createJournalFeed(
  { recent, subscribe }: Pick<Journal, "recent" | "subscribe">,
  onChange: () => void,
): JournalFeed {
  let cached: ReadableJournal | undefined;
  let isNotifying = false;
  const readable = (): ReadableJournal => (cached ??= toReadableJournal(recent));
  subscribe(() => {
    cached = undefined;
    if (isNotifying) return;
    isNotifying = true;
    setTimeout(() => {
      isNotifying = false;
      onChange();
    }, BATCH_MS).unref();
  });
  return {
    get journal() {
      return readable();
    },
    answer: (since, last) => {
      const sinceMs = since === undefined ? Number.NEGATIVE_INFINITY : sinceMsOf(since, Date.now());
      if (sinceMs === undefined) return textAnswer(400, `since must be ${SINCE_FORMS}`);
      if (last !== undefined && !/^\d{1,6}$/.test(last)) return textAnswer(400, "last must be a number");
      const selection = { sinceMs, lastEntries: last === undefined ? undefined : Number(last) };
      const body = `${journalJson(selectJournal(readable(), selection), 2)}\n`;
      return { status: 200, headers: { "Content-Type": "application/json" }, body };
    },
    latest: () => journalJson(selectJournal(readable(), { lastEntries: EVENT_ENTRIES })),
  };
}
