/**
 * Writes log lines to standard output, and never waits for whoever reads them: a container runtime that stands still costs
 * log lines, not the agent's loop. Lines that are lost are counted, and that is told once the reader goes on.
 */
import { fstatSync } from "node:fs";
import { stdout } from "node:process";
import pino from "pino";

/** So much text waits for a reader that is slow. */
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

/** A file takes what it gets. A line that does not fit on the disk is lost, and the next one is tried again. */
function openFileOutput(): LogOutput {
  const destination = pino.destination({ dest: 1, sync: true });
  destination.on("error", () => undefined);
  return { write: (line) => void destination.write(line) };
}

/** Node never waits for a pipe, but it waits for a terminal, which `docker run --tty` makes of a container's output. */
function leaveBlockingMode(stream: object): void {
  const { _handle: handle } = stream as { readonly _handle?: { setBlocking?(isBlocking: boolean): unknown } };
  handle?.setBlocking?.(false);
}
