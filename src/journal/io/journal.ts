/** The agent's journal: what the parts tell, and what differs from one status to the next. */
import type { Logger } from "pino";
import type { Status } from "../../status/status.ts";
import { type JournalEntry, type JournalEvent, parseEntry } from "../event.ts";
import { eventsBetween } from "../status-events.ts";
import { openJournalFile, readJournalLines } from "./journal-file.ts";

/** What a slow disk may cost the end of the agent, ms. */
const FLUSH_MS = 300;
/** So many entries are kept at hand; all of them are in the file. */
const RECENT_ENTRIES = 300;

export interface Journal {
  record(event: JournalEvent): void;
  /** Records what happened since the status before. */
  recordChanges(status: Status): void;
  /** The last 300 entries, those of earlier runs too, the oldest first. */
  readonly recent: readonly JournalEntry[];
  /** Has the listener told of each entry from now on. */
  subscribe(listener: () => void): void;
  /** Resolves when everything is written; soon in any case. */
  close(): Promise<void>;
}

export async function openJournal(stateDir: string, log: Logger): Promise<Journal> {
  const file = await openJournalFile(stateDir, (err) => log.warn({ err }, "journal cannot be written"));
  const lines = (await readJournalLines(stateDir)).slice(-RECENT_ENTRIES);
  const recent = lines.flatMap((line) => parseEntry(line) ?? []);
  const listeners: (() => void)[] = [];
  let last: Status | undefined;
  const record = (event: JournalEvent): void => {
    const entry: JournalEntry = { at: new Date().toISOString(), ...event };
    file.append(JSON.stringify(entry));
    recent.push(entry);
    if (recent.length > RECENT_ENTRIES) recent.shift();
    for (const listener of listeners) listener();
  };
  return {
    record,
    recordChanges: (status) => {
      if (last !== undefined) for (const event of eventsBetween(last, status)) record(event);
      last = status;
    },
    recent,
    subscribe: (listener) => void listeners.push(listener),
    close: async () => {
      const patience = new Promise<void>((resolve) => setTimeout(resolve, FLUSH_MS).unref());
      await Promise.race([file.flush(), patience]);
    },
  };
}
