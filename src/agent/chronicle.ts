/** The agent's journal: what the parts tell, and what differs from one status to the next. */
import type { Logger } from "pino";
import type { JournalEvent } from "../core/journal.ts";
import { eventsBetween } from "../core/journal-status.ts";
import type { Status } from "../core/status.ts";
import { openJournal } from "../io/journal-file.ts";

/** What a slow disk may cost the end of the agent, ms. */
const FLUSH_MS = 300;

export interface Chronicle {
  record(event: JournalEvent): void;
  /** Records what happened since the status before. */
  see(status: Status): void;
  /** Resolves when everything is written; soon in any case. */
  close(): Promise<void>;
}

export async function openChronicle(stateDir: string, log: Logger): Promise<Chronicle> {
  const file = await openJournal(stateDir, (err) => log.warn({ err }, "journal cannot be written"));
  let last: Status | undefined;
  const record = (event: JournalEvent): void => {
    file.append(JSON.stringify({ at: new Date().toISOString(), ...event }));
  };
  return {
    record,
    see: (status) => {
      if (last !== undefined) for (const event of eventsBetween(last, status)) record(event);
      last = status;
    },
    close: async () => {
      const patience = new Promise<void>((resolve) => setTimeout(resolve, FLUSH_MS).unref());
      await Promise.race([file.flush(), patience]);
    },
  };
}
