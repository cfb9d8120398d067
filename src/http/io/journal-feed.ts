/** The journal for those who ask over HTTP: told once for each of its changes, however many ask. */

import type { Journal } from "../../journal/io/journal.ts";
import {
  journalJson,
  journalSince,
  type ReadableJournal,
  toReadableJournal,
} from "../../journal/readable.ts";
import { SINCE_FORMS, sinceMsOf } from "../../text/instant.ts";
import { type Answer, textAnswer } from "../answer.ts";

/** What a follower gets: each time all of it, as a later entry may explain an earlier one. */
const LIVE_ENTRIES = 100;
/** Entries come in bursts, and what explains them a moment later: followers are told this long after the first, ms. */
const GATHER_MS = 250;

export interface JournalFeed {
  /** @param since as it was asked for; undefined for all that is at hand. */
  answer(since: string | undefined): Answer;
  /** One line of JSON: the last 100 entries, and the moves among them. */
  latest(): string;
}

/** @param onChange what `latest` gives is another one. */
export function createJournalFeed(
  { recent, subscribe }: Pick<Journal, "recent" | "subscribe">,
  onChange: () => void,
): JournalFeed {
  let told: ReadableJournal | undefined;
  let isGathering = false;
  const account = (): ReadableJournal => (told ??= toReadableJournal(recent));
  subscribe(() => {
    told = undefined;
    if (isGathering) return;
    isGathering = true;
    setTimeout(() => {
      isGathering = false;
      onChange();
    }, GATHER_MS).unref();
  });
  return {
    answer: (since) => {
      const sinceMs = since === undefined ? Number.NEGATIVE_INFINITY : sinceMsOf(since, Date.now());
      if (sinceMs === undefined) return textAnswer(400, `since is ${SINCE_FORMS}`);
      const body = `${journalJson(journalSince(account(), sinceMs), 2)}\n`;
      return { status: 200, headers: { "Content-Type": "application/json" }, body };
    },
    latest: () => {
      const { entries, moves } = account();
      const shown = entries.slice(-LIVE_ENTRIES);
      const first = shown[0]?.index ?? 0;
      return journalJson({ entries: shown, moves: moves.filter(({ entry }) => entry >= first) });
    },
  };
}
