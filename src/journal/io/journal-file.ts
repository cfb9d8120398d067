/**
 * STATE_DIR/journal.jsonl: lines are appended, and a full file replaces the one older file. The lines outlive the agent.
 * A full disk loses lines and has no other effect.
 */

import { constants } from "node:fs";
import { appendFile, open, readFile, rename, stat } from "node:fs/promises";
import path from "node:path";
import { shareUpcomingRun } from "../../system/serial-queue.ts";

/** Of each file. There are two at most. */
const MAX_BYTES = 256_000;
/** No link is followed: lines would go to another file. */
const APPEND = constants.O_WRONLY | constants.O_APPEND | constants.O_CREAT | constants.O_NOFOLLOW;
/** Lines that may wait for a slow disk. Further ones are lost. */
const MAX_PENDING_LINES = 1_000;

export interface JournalFile {
  /** Queues a line. Never throws. */
  append(line: string): void;
  /** Resolves when all lines queued so far are written or lost. */
  flush(): Promise<void>;
}

/** @param onError called for the first line that is lost, and again only after a line could be written. */
export async function openJournalFile(
  stateDir: string,
  onError: (error: unknown) => void,
  maxBytes = MAX_BYTES,
): Promise<JournalFile> {
  const { file, older } = journalFilesIn(stateDir);
  let size = await terminateLastLine(file).catch(() => 0);
  let pending: string[] = [];
  let isFailing = false;

  const lose = (why: unknown): void => {
    if (!isFailing) onError(why);
    isFailing = true;
  };
  const writePending = shareUpcomingRun(async () => {
    const text = pending.join("");
    pending = [];
    if (text === "") return;
    try {
      const bytes = Buffer.byteLength(text);
      if (size > 0 && size + bytes > maxBytes) {
        await rename(file, older);
        size = 0;
      }
      await appendFile(file, text, { mode: 0o600, flag: APPEND });
      size += bytes;
      isFailing = false;
    } catch (error) {
      lose(error);
    }
  });
  return {
    append: (line) => {
      if (pending.length >= MAX_PENDING_LINES)
        return lose(new Error(`${MAX_PENDING_LINES} lines wait for a slow disk`));
      pending.push(`${line}\n`);
      void writePending();
    },
    flush: writePending,
  };
}

/** The lines of both files, the oldest first. A missing file counts as empty. */
export async function readJournalLines(stateDir: string): Promise<string[]> {
  const { file, older } = journalFilesIn(stateDir);
  const texts = await Promise.all([older, file].map((each) => readFile(each, "utf8").catch(() => "")));
  return texts.flatMap((text) => text.split("\n")).filter((line) => line !== "");
}

/** Ends a line that a power loss cut short, so that it does not damage the next one. @returns the file's size in bytes. */
async function terminateLastLine(file: string): Promise<number> {
  const { size } = await stat(file);
  if (size === 0) return 0;
  const handle = await open(file, constants.O_RDWR | constants.O_NOFOLLOW);
  try {
    const { buffer } = await handle.read(Buffer.alloc(1), 0, 1, size - 1);
    if (buffer.toString() === "\n") return size;
    await handle.write("\n", size);
    return size + 1;
  } finally {
    await handle.close();
  }
}

/** The file, and the one older file. */
export function journalFilesIn(stateDir: string): { readonly file: string; readonly older: string } {
  return { file: path.join(stateDir, "journal.jsonl"), older: path.join(stateDir, "journal.older.jsonl") };
}
