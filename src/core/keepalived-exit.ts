/** The end of a keepalived, and how it is told. */
import { AgentError } from "./errors.ts";
import { quoteLog } from "./keepalived-log.ts";

/** One of exit code and signal name is there. */
export interface KeepalivedExit {
  readonly exitCode: number | undefined;
  readonly signal: string | undefined;
  readonly uptimeMs: number;
}

/**
 * KEEPALIVED_EXITED with keepalived's last complaints, which say more than its exit code:
 * 2 stands for any bad conf, and 0 also for a pid file that names a live process.
 *
 * @param when the occasion, as in `before it had started`
 */
export function exitError(exit: KeepalivedExit, when: string, complaints: readonly string[]): AgentError {
  const how = exit.exitCode === undefined ? `by ${exit.signal}` : `with exit code ${exit.exitCode}`;
  const why = complaints.length === 0 ? "" : `: ${quoteLog(complaints.join("\n"))}`;
  return new AgentError("KEEPALIVED_EXITED", `keepalived ended ${how} ${when}${why}`);
}
