/** The notify FIFO: keepalived tells each transition through it within a millisecond. */
import { constants, fstatSync, openSync } from "node:fs";
import { chmod, lstat, rm } from "node:fs/promises";
import { Socket } from "node:net";
import { createInterface } from "node:readline";
import { PassThrough } from "node:stream";
import { execa } from "execa";
import { AgentError } from "../../errors.ts";
import { parseTransition, type Transition } from "../transition.ts";

export interface NotifyFifo {
  /** To be iterated once; ends with close(). */
  readonly transitions: AsyncIterable<Transition>;
  /**
   * Before each start of keepalived: makes the FIFO anew where somebody deleted or replaced it.
   *
   * @throws {AgentError} STATE_UNREADABLE; what was read is read on.
   */
  restore(): Promise<void>;
  close(): void;
}

/**
 * Opens the FIFO for reading, and makes it where there is none. A file of another kind in its place is replaced.
 *
 * @throws {AgentError} STATE_UNREADABLE
 */
export async function openNotifyFifo(path: string): Promise<NotifyFifo> {
  const input = new PassThrough();
  const lines = createInterface({ input });
  const iterator = lines[Symbol.asyncIterator](); // from now on no line is lost
  let reading = read(await openForReading(path), input);
  return {
    transitions: eventsOf(iterator),
    async restore() {
      if (await isSameFile(path, reading.fd)) return;
      const next = await openForReading(path);
      reading.socket.destroy();
      reading = read(next, input);
    },
    close() {
      lines.close();
      reading.socket.destroy();
    },
  };
}

/** Whoever reads `input` gets what comes through the FIFO. */
function read(fd: number, input: PassThrough): { readonly fd: number; readonly socket: Socket } {
  const socket = new Socket({ fd, readable: true, writable: false });
  socket.on("error", () => socket.destroy()); // no more events from it; the dumps still tell
  socket.pipe(input, { end: false });
  return { fd, socket };
}

async function isSameFile(path: string, fd: number): Promise<boolean> {
  const there = await lstat(path).catch(() => undefined);
  const open = fstatSync(fd);
  return there?.ino === open.ino && there.dev === open.dev;
}

async function* eventsOf(lines: AsyncIterable<string>): AsyncGenerator<Transition> {
  for await (const line of lines) {
    const event = parseTransition(line);
    if (event !== undefined) yield event;
  }
}

async function openForReading(path: string): Promise<number> {
  try {
    const there = await lstat(path).catch(() => undefined);
    if (there?.isFIFO() !== true) {
      await rm(path, { force: true });
      await execa("mkfifo", ["-m", "600", path]);
    }
    await chmod(path, 0o600);
    // Reading and writing: so it never ends, however often keepalived opens and closes it.
    return openSync(path, constants.O_RDWR | constants.O_NONBLOCK | constants.O_NOFOLLOW);
  } catch (error) {
    throw new AgentError("STATE_UNREADABLE", `the FIFO ${path} cannot be opened`, { cause: error });
  }
}
