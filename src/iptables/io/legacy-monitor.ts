/**
 * Reports changes of the rules of iptables-legacy within about 0.1 s, by one Perl program that asks the kernel ten times a
 * second (legacy-poll.pl).
 *
 * It does not say what changed: the rules themselves are read for that, and now and then without a report. Where the program
 * cannot run, nothing is reported, and the rules are read as often as without it.
 */
import type { Writable } from "node:stream";
import type { Logger } from "pino";
import { runMonitorProgram } from "../../system/io/monitor-program.ts";
import type { RuleChanges } from "../nat-schedule.ts";
import { LEGACY_POLL_SCRIPT } from "./legacy-poll-script.ts";

const RESTART = { firstMs: 1_000, longestMs: 60_000 };
const WITHOUT_IT = "changes of the rules of iptables-legacy are not told: they are read four times a second";

export interface LegacyMonitor extends RuleChanges {
  /** Starts the program, at the first call. To be called where the tables of legacy matter: the program costs memory. */
  start(): void;
  /** A change was not told. Until the program says that it runs, it counts as not listening: it may be frozen. */
  doubt(): void;
}

/** For a host on which the rules of legacy are not read, or only once. */
export const NO_LEGACY_MONITOR: LegacyMonitor = {
  isListening: false,
  changedAtMs: Number.NEGATIVE_INFINITY,
  start: () => undefined,
  doubt: () => undefined,
};

export interface LegacyMonitorOptions {
  /** Rules changed, or may have changed before the program polled. Not called after the abort. */
  readonly onChange: () => void;
  readonly log: Logger;
  /** The program ends when it aborts. */
  readonly signal: AbortSignal;
}

export function openLegacyMonitor({ onChange, log, signal }: LegacyMonitorOptions): LegacyMonitor {
  const refused = new AbortController();
  let input: Writable | undefined;
  let isStarted = false;
  let isListening = false;
  let changedAtMs = Number.NEGATIVE_INFINITY;

  const takeLine = (line: string): void => {
    if (line.startsWith("refused")) {
      log.warn({ complaint: line }, WITHOUT_IT);
      refused.abort();
      return;
    }
    // a program that was frozen tells what it missed after `alive`, or has told it before
    isListening ||= line === "alive";
    changedAtMs = performance.now();
    onChange();
  };
  return {
    get isListening() {
      return isListening;
    },
    get changedAtMs() {
      return changedAtMs;
    },
    start: () => {
      if (isStarted) return;
      isStarted = true;
      void runMonitorProgram({
        program: "perl",
        args: ["-e", LEGACY_POLL_SCRIPT],
        what: "changes of the rules of iptables-legacy",
        restart: RESTART,
        withoutIt: WITHOUT_IT,
        onStart: (stdin) => {
          input = stdin;
        },
        onLine: takeLine,
        onEnd: () => {
          input = undefined;
          isListening = false;
        },
        log,
        signal: AbortSignal.any([signal, refused.signal]),
      });
    },
    doubt: () => {
      if (input === undefined || !isListening) return;
      isListening = false;
      input.write("?\n");
    },
  };
}
