/**
 * Writes log lines to standard output, and never waits for their reader: a container runtime that stands still costs
 * log lines, and does not stop the agent's loop. Lost lines are counted, and the count is logged once the reader
 * continues.
 */
import { fstatSync, writeSync } from "node:fs";
import { stdout } from "node:process";

/** At most this much text waits for a slow reader. */
const MAX_WAITING_CHARACTERS = 1_000_000;

export interface LogOutput {
  write(line: string): void;
}

/** @param onLost gets the number of lines that were lost while the reader stood still, once it goes on. */
export function openLogOutput(onLost: (lines: number) => void): LogOutput {
  if (fstatSync(stdout.fd).isFile()) return openFileOutput();
  let lost = 0;
  stdout.on("error", () => undefined); // the reader is gone
  stdout.on("drain", () => {
    const lines = lost;
    lost = 0;
    if (lines > 0) onLost(lines);
  });
  leaveBlockingMode(stdout);
  return {
    write: (line) => {
      if (stdout.writableLength + line.length > MAX_WAITING_CHARACTERS) lost += 1;
      else stdout.write(line);
    },
  };
}

/**
 * A file never makes it wait. A line that does not fit on the disk is lost or cut, and the next line is tried again. It never
 * joins one that was cut: a reader loses no more than that one.
 */
function openFileOutput(): LogOutput {
  let isCut = false;
  return {
    write: (line) => {
      const bytes = Buffer.from(isCut ? `\n${line}` : line);
      try {
        const count = writeSync(stdout.fd, bytes);
        if (count > 0) isCut = count < bytes.length;
      } catch {
        // the disk is full
      }
    },
  };
}

/** Node never waits for a pipe, but it waits for a terminal, which `docker run --tty` makes of a container's output. */
function leaveBlockingMode(stream: object): void {
  const { _handle: handle } = stream as { readonly _handle?: { setBlocking?(isBlocking: boolean): unknown } };
  handle?.setBlocking?.(false);
}
