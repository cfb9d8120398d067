/** The notify FIFO, to which keepalived writes each transition within a millisecond. */
import { constants, fstatSync, openSync } from "node:fs";
import { chmod, lstat, rm } from "node:fs/promises";
import { Socket } from "node:net";
import { env } from "node:process";
import { PassThrough } from "node:stream";
import { execa } from "execa";
import { AgentError } from "../../errors.ts";
import { bareEnvironment } from "../../system/child-command.ts";
import { createLineSplitter } from "../../system/line-splitter.ts";
import { parseTransition, type Transition } from "../transition.ts";

/** keepalived's lines have less than 1,000 characters. */
const MAX_LINE_CHARACTERS = 65_536;

export interface NotifyFifo {
  /** Can be iterated once. Ends after `close()`. */
  readonly transitions: AsyncIterable<Transition>;
  /**
   * Makes the FIFO again where it was deleted or replaced. To be called before each start of keepalived.
   *
   * @throws {AgentError} STATE_UNREADABLE, and the former FIFO is still read.
   */
  restore(): Promise<void>;
  close(): void;
}

/**
 * Opens the FIFO for reading. Where it is missing or another kind of file, it is made first.
 *
 * @throws {AgentError} STATE_UNREADABLE
 */
export async function openNotifyFifo(path: string): Promise<NotifyFifo> {
  const input = new PassThrough({ encoding: "utf8" });
  let reading = read(await openForReading(path), input);
  return {
    transitions: transitionsIn(input),
    async restore() {
      if (await isSameFile(path, reading.fd)) return;
      const next = await openForReading(path);
      reading.socket.destroy();
      reading = read(next, input);
    },
    close() {
      reading.socket.destroy();
      input.end();
    },
  };
}

/** Copies what comes through the FIFO to `input`. */
function read(fd: number, input: PassThrough): { readonly fd: number; readonly socket: Socket } {
  const socket = new Socket({ fd, readable: true, writable: false });
  socket.on("error", () => socket.destroy()); // no more transitions; the dumps still show the states
  socket.pipe(input, { end: false });
  return { fd, socket };
}

async function isSameFile(path: string, fd: number): Promise<boolean> {
  const found = await lstat(path).catch(() => undefined);
  const open = fstatSync(fd);
  return found?.ino === open.ino && found.dev === open.dev;
}

/** What comes before the iteration waits in the input and in the FIFO. */
async function* transitionsIn(input: AsyncIterable<string>): AsyncGenerator<Transition> {
  const split = createLineSplitter(MAX_LINE_CHARACTERS);
  for await (const text of input) {
    for (const line of split(text)) {
      const transition = parseTransition(line);
      if (transition !== undefined) yield transition;
    }
  }
}

async function openForReading(path: string): Promise<number> {
  try {
    const found = await lstat(path).catch(() => undefined);
    if (found?.isFIFO() !== true) {
      await rm(path, { force: true });
      await execa("mkfifo", ["-m", "600", path], bareEnvironment(env));
    }
    await chmod(path, 0o600);
    // opened also for writing, so that it never ends, however often keepalived opens and closes it
    return openSync(path, constants.O_RDWR | constants.O_NONBLOCK | constants.O_NOFOLLOW);
  } catch (error) {
    throw new AgentError("STATE_UNREADABLE", `the FIFO ${path} cannot be opened`, { cause: error });
  }
}
