/** The agent's journal: events that parts record, and the changes from one status to the next. */

import type { Logger } from "pino";
import type { Status } from "../../status/status.ts";
import { printableJson } from "../../text/escape.ts";
import { type JournalEntry, type JournalEvent, parseEntry } from "../event.ts";
import { createLineLimit, LINES_AN_HOUR } from "../line-limit.ts";
import { eventsBetween } from "../status-events.ts";
import { openJournalFile, readJournalLines } from "./journal-file.ts";

/** A slow disk delays the end of the agent by at most this long. */
const FLUSH_TIMEOUT_MS = 300;
/** Entries kept in memory. The file has all of them. */
const RECENT_ENTRIES = 300;

export interface Journal {
  record(event: JournalEvent): void;
  /** Records what changed since the previous call. The first call records nothing. */
  recordChanges(status: Status): void;
  /** The last 300 entries, including those of earlier runs, the oldest first. */
  readonly recent: readonly JournalEntry[];
  /** Calls the listener after each new entry. */
  subscribe(listener: () => void): void;
  /** Resolves when everything is written, or after 0.3 s. */
  close(): Promise<void>;
}

export async function openJournal(stateDir: string, log: Logger): Promise<Journal> {
  const file = await openJournalFile(stateDir, (err) => log.warn({ err }, "journal cannot be written"));
  const lines = (await readJournalLines(stateDir)).slice(-RECENT_ENTRIES);
  const recent = lines.flatMap((line) => parseEntry(line) ?? []);
  const listeners: (() => void)[] = [];
  let previous: Status | undefined;
  const limit = createLineLimit();
  const record = (event: JournalEvent): void => {
    const verdict = limit.judge(event, performance.now());
    if (verdict.is === "leave-out") return;
    write(event);
    if (verdict.is === "write-last") write({ kind: "left-out", of: verdict.of, linesAnHour: LINES_AN_HOUR });
  };
  const write = (event: JournalEvent): void => {
    const entry: JournalEntry = { at: new Date().toISOString(), ...event };
    file.append(printableJson(entry));
    recent.push(entry);
    if (recent.length > RECENT_ENTRIES) recent.shift();
    for (const listener of listeners) listener();
  };
  return {
    record,
    recordChanges: (status) => {
      if (previous !== undefined) for (const event of eventsBetween(previous, status)) record(event);
      previous = status;
    },
    recent,
    subscribe: (listener) => void listeners.push(listener),
    close: async () => {
      const timeout = new Promise<void>((resolve) => setTimeout(resolve, FLUSH_TIMEOUT_MS).unref());
      await Promise.race([file.flush(), timeout]);
    },
  };
}
