/** The notify FIFO: keepalived tells each transition through it within a millisecond. */
import { constants, openSync } from "node:fs";
import { chmod, lstat, rm } from "node:fs/promises";
import { Socket } from "node:net";
import { createInterface } from "node:readline";
import { execa } from "execa";
import { AgentError } from "../core/errors.ts";
import { parseVrrpEvent, type VrrpEvent } from "../core/vrrp-event.ts";

export interface VrrpFifo {
  /** To be iterated once; ends with close(). */
  readonly events: AsyncIterable<VrrpEvent>;
  close(): void;
}

/**
 * Opens the FIFO for reading, and makes it where there is none. A file of another kind in its place is replaced.
 *
 * @throws {AgentError} STATE_UNREADABLE
 */
export async function openVrrpFifo(path: string): Promise<VrrpFifo> {
  const fd = await openForReading(path);
  const socket = new Socket({ fd, readable: true, writable: false });
  socket.on("error", () => socket.destroy()); // ends the events; the dumps still tell
  const lines = createInterface({ input: socket });
  const iterator = lines[Symbol.asyncIterator](); // from now on no line is lost
  return {
    events: eventsOf(iterator),
    close() {
      lines.close();
      socket.destroy();
    },
  };
}

async function* eventsOf(lines: AsyncIterable<string>): AsyncGenerator<VrrpEvent> {
  for await (const line of lines) {
    const event = parseVrrpEvent(line);
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
