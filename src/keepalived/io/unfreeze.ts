/**
 * Sees to it that a keepalived which somebody stopped goes on before the other hosts miss it, or ends.
 *
 * A stopped owner keeps its VIPs and sends no adverts: another host takes them, and there are two. A signal stops a
 * process (a mistyped `kill`, a lost terminal), or a debugger that looks into it.
 */
import type { Logger } from "pino";
import type { RunningKeepalived } from "./daemon.ts";

/** Less than half of what the others need to miss an owner at an advert interval of 0.2 s, ms. */
const LOOK_MS = 250;

export interface UnfreezeOptions {
  /** It was continued, and is stopped again, or still. */
  readonly onStayedStopped: () => void;
  readonly log: Logger;
}

/** Runs until keepalived has ended. Never rejects. */
export async function unfreezeWhenStopped(
  keepalived: Pick<RunningKeepalived, "exited" | "findStopped" | "continueStopped">,
  { onStayedStopped: onLost, log }: UnfreezeOptions,
): Promise<void> {
  let wasContinued = false;
  const look = () => {
    const pids = keepalived.findStopped();
    if (pids.length > 0 && wasContinued) {
      log.error({ pids }, "keepalived stayed stopped");
      clearInterval(timer);
      return onLost();
    }
    wasContinued = pids.length > 0;
    if (!wasContinued) return;
    log.warn({ pids }, "keepalived was stopped, and is continued");
    keepalived.continueStopped();
  };
  // no race with the end at each look: each would be held until the end, four a second
  const timer = setInterval(look, LOOK_MS);
  await keepalived.exited.finally(() => clearInterval(timer));
}
