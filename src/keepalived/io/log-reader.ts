/**
 * Reads keepalived's log as it comes: logs each line, keeps the last complaints, and lets others wait for a kind of
 * line.
 */
import { EventEmitter, once } from "node:events";
import type { Readable } from "node:stream";
import { setTimeout as sleep } from "node:timers/promises";
import type { Logger } from "pino";
import { createLineSplitter } from "../../system/line-splitter.ts";
import { type LogLine, parseLogLine } from "../log-line.ts";
import { LogThrottle } from "../log-throttle.ts";

type Kind = LogLine["kind"];

/** keepalived's lines have less than 1,000 characters. */
const MAX_LINE_CHARACTERS = 65_536;

export class LogReader {
  readonly #log: Logger;
  readonly #onLine: ((line: LogLine) => void) | undefined;
  readonly #lines = new EventEmitter<Record<Kind | "exited", []>>();
  readonly #throttle = new LogThrottle();
  #hasExited = false;

  constructor(log: Logger, onLine?: (line: LogLine) => void) {
    this.#log = log;
    this.#onLine = onLine;
  }

  /** Reads until the stream closes: both of keepalived's processes have ended then. */
  async readAll(stream: Readable): Promise<void> {
    const split = createLineSplitter(MAX_LINE_CHARACTERS);
    let last = "\n";
    const take = (text: string) => {
      last = text;
      for (const raw of split(text)) this.#take(raw);
    };
    stream.setEncoding("utf8").on("data", take);
    const end = new EventEmitter();
    // a stream can close without an end
    for (const event of ["end", "close"]) stream.once(event, () => end.emit("end"));
    await once(end, "end");
    if (!last.endsWith("\n")) take("\n");
  }

  /** From now on every `waitFor` resolves with `exited`. */
  setExited(): void {
    this.#hasExited = true;
    this.#lines.emit("exited");
  }

  /** Resolves at the first line of one of the kinds from now on, at the exit, or after `timeoutMs`. Never rejects. */
  async waitFor(kinds: readonly Kind[], timeoutMs: number): Promise<Kind | "exited" | "timed-out"> {
    if (this.#hasExited) return "exited";
    const over = new AbortController();
    const { signal } = over;
    const awaited = ["exited", ...kinds] as const;
    try {
      // an event, not a promise of the exit: each wait for a promise holds memory until it resolves, months later
      return await Promise.race([
        ...awaited.map((kind) => once(this.#lines, kind, { signal }).then(() => kind)),
        sleep(timeoutMs, "timed-out" as const, { signal }),
      ]);
    } finally {
      over.abort();
    }
  }

  /** The last complaints, oldest first, since they were last forgotten. */
  get complaints(): readonly string[] {
    return this.#throttle.complaints;
  }

  /** Called before a new operation, so that its failure is not explained with earlier complaints. */
  forgetComplaints(): void {
    this.#throttle.forgetComplaints();
  }

  #take(raw: string): void {
    const line = parseLogLine(raw);
    const { level, fields } = this.#throttle.throttle(line, performance.now());
    this.#log[level](fields, line.summary);
    this.#lines.emit(line.kind);
    this.#onLine?.(line);
  }
}
