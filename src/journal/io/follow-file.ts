/** Follows STATE_DIR/journal.jsonl: its lines so far, and then each new one, also while agents end and start. */
import { type FileHandle, open } from "node:fs/promises";
import { setTimeout as sleep } from "node:timers/promises";
import { journalFilesIn } from "./journal-file.ts";

/** The file is read again after this time. */
const POLL_MS = 250;

/**
 * This much of a file's beginning distinguishes it from a later file with the same inode number: each entry begins with
 * its time.
 */
const HEAD_BYTES = 64;

/**
 * Where reading continues: the file, which keeps its inode number when it becomes the older one, and the number of
 * bytes already read.
 */
interface Position {
  readonly inode: number;
  readonly head: string;
  readonly offset: number;
}

interface Read {
  readonly lines: readonly string[];
  /** Whether it is the file of the given position, read from there on. */
  readonly isContinued: boolean;
  readonly position: Position;
}

/** Yields all lines so far, and then the new ones four times a second, often none. Ends when the signal aborts. */
export async function* followJournalLines(
  stateDir: string,
  signal: AbortSignal,
): AsyncGenerator<readonly string[]> {
  const { file, older } = journalFilesIn(stateDir);
  let position: Position | undefined;
  const readNew = async (): Promise<readonly string[]> => {
    const from = position;
    const latest = await readFrom(file, from);
    if (latest === undefined) return [];
    position = latest.position;
    if (latest.isContinued) return latest.lines;
    // the file that was read became the older one, and its last lines may be new
    const rest = await readFrom(older, from);
    const isRest = rest !== undefined && (from === undefined || rest.isContinued);
    return [...(isRest ? rest.lines : []), ...latest.lines];
  };
  while (!signal.aborted) {
    yield await readNew();
    await sleep(POLL_MS, undefined, { signal }).catch(() => undefined);
  }
}

/** The complete lines from the position on; all of them where that is in another file. Undefined where there is no file. */
async function readFrom(path: string, from: Position | undefined): Promise<Read | undefined> {
  const handle = await open(path).catch(() => undefined);
  if (handle === undefined) return undefined;
  try {
    return await readLines(handle, from);
  } finally {
    await handle.close();
  }
}

async function readLines(handle: FileHandle, from: Position | undefined): Promise<Read> {
  const { ino: inode, size } = await handle.stat();
  const head = await readText(handle, 0, Math.min(size, HEAD_BYTES));
  const isContinued = from?.inode === inode && from.offset <= size && head.startsWith(from.head);
  const start = isContinued ? from.offset : 0;
  const text = await readText(handle, start, size - start);
  const end = text.lastIndexOf("\n") + 1;
  const lines = text.slice(0, end).split("\n");
  return {
    lines: lines.filter((line) => line !== "").map((line) => Buffer.from(line, "latin1").toString()),
    isContinued,
    position: { inode, head, offset: start + end },
  };
}

/** One character a byte, so that a position in the text is one in the file. */
async function readText(handle: FileHandle, start: number, length: number): Promise<string> {
  const { buffer, bytesRead } = await handle.read(Buffer.alloc(length), 0, length, start);
  return buffer.toString("latin1", 0, bytesRead);
}
