/**
 * Continues a keepalived that was suspended, before the other hosts miss its adverts.
 *
 * A suspended owner keeps its VIPs and sends no adverts, so another host becomes owner, too. A signal (a mistyped
 * `kill`, a lost terminal) or a debugger suspends a process.
 */
import type { Logger } from "pino";
import type { RunningKeepalived } from "./daemon.ts";
import type { SuspensionWatch } from "./suspension-watch.ts";

/** Less than half the time after which other hosts miss an owner at an advert interval of 0.2 s. */
const RECHECK_MS = 250;

export interface UnfreezeOptions {
  readonly watch: SuspensionWatch["watch"];
  /** A process was continued, and was stopped again, or still, at the next check. Called once. */
  readonly onStayedStopped: () => void;
  readonly log: Logger;
}

/** Runs until keepalived has ended. Never rejects. */
export async function unfreezeWhenStopped(
  keepalived: Pick<RunningKeepalived, "exited" | "findStopped" | "continueStopped">,
  { watch, onStayedStopped: onLost, log }: UnfreezeOptions,
): Promise<void> {
  const ended = new AbortController();
  let continued: readonly number[] = [];
  let recheck: NodeJS.Timeout | undefined;
  const check = () => {
    recheck = undefined;
    const pids = keepalived.findStopped();
    if (pids.some((pid) => continued.includes(pid))) {
      log.error({ pids }, "keepalived stayed suspended");
      ended.abort();
      return onLost();
    }
    continued = pids;
    if (pids.length === 0) return;
    log.warn({ pids }, "keepalived was suspended, and is continued");
    keepalived.continueStopped();
    recheck = setTimeout(check, RECHECK_MS).unref();
  };
  watch(() => {
    if (recheck === undefined) check(); // it gets that long to go on
  }, ended.signal);
  await keepalived.exited.finally(() => ended.abort());
  clearTimeout(recheck);
}
