/**
 * Reports changes of nft's rules within a few ms, by one nft that monitors them.
 *
 * It does not parse what changed: the rules themselves are read for that, so an extra or a missing event does no harm.
 * Rules of iptables-legacy have no events.
 */
import type { Writable } from "node:stream";
import type { Logger } from "pino";
import { coalesce } from "../../system/io/coalesce.ts";
import { runMonitorProgram } from "../../system/io/monitor-program.ts";
import type { RuleChanges } from "../nat-schedule.ts";

/** A burst of changes is reported at once and then at this interval. */
const COALESCE_MS = 100;
/** `nft monitor` needs some ms from its start until it listens, more with many rules. */
const READY_AFTER_MS = 1_000;
const RESTART = { firstMs: 1_000, longestMs: 60_000 };
/** The tables that are lost with the process are needed again at once. A restart takes some 20 ms. */
const KEEPER_RESTART = { firstMs: 10, longestMs: 10_000 };

export interface NftMonitor extends RuleChanges {
  /** Resolves after the abort, or when nft is not installed; no process of it is left then. Never rejects. */
  readonly ended: Promise<void>;
}

/** For a host on which nft is not read. */
export const NO_NFT_MONITOR: NftMonitor = {
  isListening: false,
  changedAtMs: Number.NEGATIVE_INFINITY,
  ended: Promise.resolve(),
};

export interface NftMonitorOptions {
  /** Rules changed, or may have changed before the monitor listened. Not called after the abort. */
  readonly onChange: () => void;
  /** What the process also keeps; undefined for nothing. */
  readonly keeps?: KeptTables;
  readonly log: Logger;
  readonly signal: AbortSignal;
}

/** Tables with `flags owner`, which the kernel removes with the process that made them. */
export interface KeptTables {
  /** Commands of nft that make the tables, one a line. nft runs them before it monitors, and goes on where one fails. */
  readonly commands: readonly string[];
  /** The process runs, and `end` ends it. */
  readonly onStart: (end: () => void) => void;
  /** Called with each line that nft prints. A line for which it returns true is no change of a rule. */
  readonly takeLine: (line: string) => boolean;
  /** The process ended, and its tables with it. It is started again at once. */
  readonly onEnd: () => void;
}

export function openNftMonitor({ onChange, keeps, log, signal }: NftMonitorOptions): NftMonitor {
  let isListening = false;
  let changedAtMs = Number.NEGATIVE_INFINITY;
  const report = coalesce(
    () => {
      changedAtMs = performance.now();
      onChange();
    },
    COALESCE_MS,
    signal,
  );

  const ended = runMonitorProgram({
    program: "nft",
    ...(keeps === undefined ? PLAIN : keeperOf(keeps)),
    what: "changes of rules",
    readyAfterMs: READY_AFTER_MS,
    onReady: () => {
      isListening = true;
      report();
    },
    onLine: (line) => {
      if (keeps?.takeLine(line) !== true) report();
    },
    onEnd: () => {
      isListening = false;
      keeps?.onEnd();
    },
    log,
    signal,
  });
  return {
    get isListening() {
      return isListening;
    },
    get changedAtMs() {
      return changedAtMs;
    },
    ended,
  };
}

/** Rules only: chains, sets and elements change more often, and never without a rule that matters here. */
const MONITOR = ["monitor", "rules"];

const PLAIN = {
  args: MONITOR,
  restart: RESTART,
  withoutIt: "nft is missing: rules are read more often, because their changes are not announced",
};

/** An interactive nft runs line after line. The monitoring never ends, so it is the last one. */
function keeperOf({ commands, onStart }: KeptTables) {
  return {
    args: ["-i"],
    restart: KEEPER_RESTART,
    onStart: (input: Writable, end: () => void) => {
      onStart(end);
      input.write(`${[...commands, MONITOR.join(" ")].join("\n")}\n`);
    },
  };
}
