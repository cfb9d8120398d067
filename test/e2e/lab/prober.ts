/** A client that keeps asking a virtual IP who serves it, and what it found. */
import { fileURLToPath } from "node:url";
import { Child } from "./child.ts";
import type { WaitOptions } from "./line-log.ts";
import { type Probe, type ProbeReport, reportOf } from "./probe-report.ts";

const PROGRAM = fileURLToPath(new URL("./probe-program.ts", import.meta.url));

export interface ProbeOptions {
  /** 80 unless told. */
  readonly port?: number;
  /** 5 ms unless told. */
  readonly intervalMs?: number;
  /** A probe without an answer for so long is lost: 1 s unless told. */
  readonly timeoutMs?: number;
}

export interface ReportOptions {
  /** Only probes sent since then (milliseconds since the epoch). */
  readonly sinceMs?: number;
  /** Which silences to list: those over 20 ms unless told. */
  readonly silenceOverMs?: number;
}

export class Prober {
  readonly #child: Child;
  readonly #intervalMs: number;

  constructor(namespace: string, vip: string, options: ProbeOptions, onSpawn: (child: Child) => void) {
    const { port = 80, intervalMs = 5, timeoutMs = 1_000 } = options;
    this.#intervalMs = intervalMs;
    this.#child = new Child({
      namespace,
      name: `the prober of ${vip}`,
      command: [process.execPath, PROGRAM, vip, String(port), String(intervalMs), String(timeoutMs)],
    });
    onSpawn(this.#child);
  }

  /** The next answer, or the next one by `host`. What was answered before the call does not count. */
  async awaitAnswer(host?: string, options: Omit<WaitOptions, "from"> = {}): Promise<Probe> {
    return this.#next((by) => host === undefined || by === host, options);
  }

  /**
   * The next answer by any other host. Two hosts of the same priority may take a virtual IP at once, and one of them gives
   * way: who waits for the one that was seen first may wait for ever.
   */
  async awaitOther(host: string, options: Omit<WaitOptions, "from"> = {}): Promise<Probe> {
    return this.#next((by) => by !== host, options);
  }

  /** What is known so far: probes whose fate is still open are left out, up to the time-out of a probe. */
  report(options: ReportOptions = {}): ProbeReport {
    const { sinceMs = 0, silenceOverMs = 20 } = options;
    // a line comes after its probe was sent: older ones need not be parsed
    const lines = this.#child.log.lines.filter(({ atMs }) => atMs >= sinceMs);
    const probes = lines.map((line) => parse(line.text));
    const wanted = probes.filter((probe) => probe !== undefined).filter((probe) => probe.sentAtMs >= sinceMs);
    return reportOf(wanted, this.#intervalMs, silenceOverMs);
  }

  /** Asks no more, waits for the open probes, and reports. */
  async stop(options: ReportOptions = {}): Promise<ProbeReport> {
    await this.#child.end("SIGTERM");
    return this.report(options);
  }

  async #next(isWanted: (by: string) => boolean, options: Omit<WaitOptions, "from">): Promise<Probe> {
    const select = (text: string): Probe | undefined => {
      const probe = parse(text);
      return probe !== undefined && probe.by !== null && isWanted(probe.by) ? probe : undefined;
    };
    return this.#child.log.first(select, { ...options, from: this.#child.log.lines.length });
  }
}

/** Only the program's own lines: Node may print warnings among them. */
function parse(text: string): Probe | undefined {
  return text.startsWith("{") ? (JSON.parse(text) as Probe) : undefined;
}
