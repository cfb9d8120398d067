/**
 * Reports changes of nft's rules within a few ms, by `nft monitor`.
 *
 * It does not read what changed: the rules themselves are read for that, so an event too many or too few does no harm.
 * Rules of iptables-legacy have no events.
 */
import type { Logger } from "pino";
import { coalesce } from "../../system/io/coalesce.ts";
import { runMonitorProgram } from "../../system/io/monitor-program.ts";
import type { NftChanges } from "../nat-schedule.ts";

/** A burst of changes is reported at once and then at this interval. */
const COALESCE_MS = 100;
/** `nft monitor` needs some ms from its start until it listens, more with many rules. */
const READY_AFTER_MS = 1_000;
const RESTART = { firstMs: 1_000, longestMs: 60_000 };

export interface NftMonitor extends NftChanges {
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
  readonly log: Logger;
  readonly signal: AbortSignal;
}

export function openNftMonitor({ onChange, log, signal }: NftMonitorOptions): NftMonitor {
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
    // rules only: chains, sets and elements change more often, and never without a rule that matters here
    args: ["monitor", "rules"],
    what: "changes of rules",
    restart: RESTART,
    withoutIt: "no nft to listen with, rules are read more often",
    readyAfterMs: READY_AFTER_MS,
    onReady: () => {
      isListening = true;
      report();
    },
    onLine: report,
    onEnd: () => {
      isListening = false;
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
