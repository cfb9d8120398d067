/** The journal for those who ask over HTTP: told once for each of its changes, however many ask. */

import { accountOf, accountSince, type JournalAccount, journalJson } from "../../journal/account.ts";
import type { Chronicle } from "../../journal/io/journal.ts";
import { parseSince, SINCE_FORMS } from "../../text/instant.ts";
import { type Answer, textAnswer } from "../answer.ts";

/** What a follower gets: each time all of it, as a later entry may explain an earlier one. */
const LIVE_ENTRIES = 100;
/** Entries come in bursts, and what explains them a moment later: followers are told this long after the first, ms. */
const GATHER_MS = 250;

export interface JournalView {
  /** @param since as it was asked for; undefined for all that is at hand. */
  answer(since: string | undefined): Answer;
  /** One line of JSON: the last 100 entries, and the moves among them. */
  latest(): string;
}

/** @param onChange what `latest` gives is another one. */
export function viewJournal(
  { recent, follow }: Pick<Chronicle, "recent" | "follow">,
  onChange: () => void,
): JournalView {
  let told: JournalAccount | undefined;
  let isGathering = false;
  const account = (): JournalAccount => (told ??= accountOf(recent));
  follow(() => {
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
      const sinceMs = since === undefined ? Number.NEGATIVE_INFINITY : parseSince(since, Date.now());
      if (sinceMs === undefined) return textAnswer(400, `since is ${SINCE_FORMS}`);
      const body = `${journalJson(accountSince(account(), sinceMs), 2)}\n`;
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
