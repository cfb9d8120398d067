/** The lines that a process printed, kept with their time of arrival, to be searched or waited for. */
import { createInterface } from "node:readline";
import type { Readable } from "node:stream";

export interface Line {
  /** Milliseconds since the epoch. */
  readonly atMs: number;
  readonly text: string;
}

export interface WaitOptions {
  /** 120 s unless told. */
  readonly timeoutMs?: number;
  /** Index of the first line that counts: 0 unless told. */
  readonly from?: number;
}

export class LineLog {
  readonly lines: Line[] = [];
  readonly #name: string;
  readonly #watchers = new Set<() => void>();
  #ended = false;

  constructor(name: string) {
    this.#name = name;
  }

  follow(stream: Readable, onLine?: (text: string) => void): void {
    createInterface({ input: stream }).on("line", (text) => {
      this.lines.push({ atMs: performance.timeOrigin + performance.now(), text });
      onLine?.(text);
      this.#notify();
    });
  }

  /** Forgets the lines so far. Nothing may be waiting for one. */
  clear(): void {
    this.lines.length = 0;
  }

  /** No further line will come: whoever waits is told. */
  end(): void {
    this.#ended = true;
    this.#notify();
  }

  /**
   * What `select` makes of the first line for which it gives anything but undefined; lines already there count.
   *
   * @throws {Error} with the last lines, when the time is over or the process has ended without such a line.
   */
  async first<T>(select: (text: string) => T | undefined, options: WaitOptions = {}): Promise<T> {
    const { timeoutMs = 120_000, from = 0 } = options;
    let next = from;
    const search = (): T | undefined => {
      for (; next < this.lines.length; next += 1) {
        const found = select(this.lines[next]?.text ?? "");
        if (found !== undefined) return found;
      }
      return undefined;
    };
    return new Promise<T>((resolve, reject) => {
      const settle = (action: () => void): void => {
        clearTimeout(timer);
        this.#watchers.delete(check);
        action();
      };
      const fail = (why: string): void => settle(() => reject(new Error(`${why}; ${this.tail()}`)));
      const check = (): void => {
        const found = search();
        if (found !== undefined) settle(() => resolve(found));
        else if (this.#ended) fail(`${this.#name} ended without the awaited line`);
      };
      const timer = setTimeout(
        () => fail(`${this.#name} printed no such line in ${timeoutMs} ms`),
        timeoutMs,
      );
      this.#watchers.add(check);
      check();
    });
  }

  /** The last lines, for error messages. */
  tail(count = 15): string {
    const last = this.lines.slice(-count).map((line) => `  ${line.text}`);
    return `its last lines:\n${last.join("\n")}`;
  }

  #notify(): void {
    for (const check of [...this.#watchers]) check();
  }
}
