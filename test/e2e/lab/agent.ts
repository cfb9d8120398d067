/** The agent in a container of a lab host, with its log lines as objects. */
import type { Container } from "./container.ts";
import type { WaitOptions } from "./line-log.ts";

/** A pino line; which fields there are depends on the message. */
export type LogEntry = Readonly<Record<string, unknown>> & { readonly msg?: string };

export class Agent {
  readonly container: Container;

  constructor(container: Container) {
    this.container = container;
  }

  /** All log lines so far; lines that are no JSON object are left out. */
  get log(): LogEntry[] {
    return this.container.log.lines.map((line) => parse(line.text)).filter((entry) => entry !== undefined);
  }

  /** A position in the log, to be given as `from` when only what comes next counts. */
  get logPosition(): number {
    return this.container.log.lines.length;
  }

  /**
   * The first log line that fulfils `predicate`.
   *
   * @throws {Error} with the last lines, when the time is over or the agent has ended.
   */
  async awaitLog(predicate: (entry: LogEntry) => boolean, options: WaitOptions = {}): Promise<LogEntry> {
    return this.container.log.first((text) => {
      const entry = parse(text);
      return entry !== undefined && predicate(entry) ? entry : undefined;
    }, options);
  }
}

function parse(text: string): LogEntry | undefined {
  if (!text.startsWith("{")) return undefined;
  try {
    return JSON.parse(text) as LogEntry;
  } catch {
    return undefined; // keepalived or the shell may print anything
  }
}
