/**
 * STATE_DIR/journal.jsonl: lines are added at its end, and when it is full it becomes the one older file. What is written
 * outlives the agent; a disk that is full costs lines and nothing else.
 */
import { appendFile, open, readFile, rename, stat } from "node:fs/promises";
import path from "node:path";

/** Of one file; there are two at most. */
const MAX_BYTES = 256_000;
/** Lines that wait for a slow disk; more are lost. */
const MAX_WAITING = 1_000;

export interface JournalFile {
  /** Writes a line, soon and in turn. Never fails. */
  append(line: string): void;
  /** Resolves when all lines of before are written, or lost. */
  flush(): Promise<void>;
}

/** @param onError a line was lost; told once until a line could be written again. */
export async function openJournalFile(
  stateDir: string,
  onError: (error: unknown) => void,
  maxBytes = MAX_BYTES,
): Promise<JournalFile> {
  const { file, older } = filesIn(stateDir);
  let size = await mendEnd(file).catch(() => 0);
  let waiting: string[] = [];
  let isFailing = false;
  let turn: Promise<void> = Promise.resolve();

  const writeAll = async (): Promise<void> => {
    const text = waiting.join("");
    waiting = [];
    if (text === "") return;
    try {
      const bytes = Buffer.byteLength(text);
      if (size > 0 && size + bytes > maxBytes) {
        await rename(file, older);
        size = 0;
      }
      await appendFile(file, text, { mode: 0o600 });
      size += bytes;
      isFailing = false;
    } catch (error) {
      if (!isFailing) onError(error);
      isFailing = true;
    }
  };
  return {
    append: (line) => {
      if (waiting.length >= MAX_WAITING) return;
      waiting.push(`${line}\n`);
      turn = turn.then(writeAll);
    },
    flush: () => turn,
  };
}

/** The lines of both files, the oldest first. A file that is missing has none. */
export async function readJournalLines(stateDir: string): Promise<string[]> {
  const { file, older } = filesIn(stateDir);
  const texts = await Promise.all([older, file].map((each) => readFile(each, "utf8").catch(() => "")));
  return texts.flatMap((text) => text.split("\n")).filter((line) => line !== "");
}

/** A line that a loss of power cut short must not take the next one with it. @returns the file's size, bytes. */
async function mendEnd(file: string): Promise<number> {
  const { size } = await stat(file);
  if (size === 0) return 0;
  const handle = await open(file, "r+");
  try {
    const { buffer } = await handle.read(Buffer.alloc(1), 0, 1, size - 1);
    if (buffer.toString() === "\n") return size;
    await handle.write("\n", size);
    return size + 1;
  } finally {
    await handle.close();
  }
}

function filesIn(stateDir: string): { readonly file: string; readonly older: string } {
  return { file: path.join(stateDir, "journal.jsonl"), older: path.join(stateDir, "journal.older.jsonl") };
}
