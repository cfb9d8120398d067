/** How a keepalived ended, as an error that quotes its last complaints. */
import { AgentError } from "../errors.ts";
import { quoteLog } from "./log-line.ts";

/** Either the exit code or the signal name is defined. */
export interface KeepalivedExit {
  readonly exitCode: number | undefined;
  readonly signal: string | undefined;
  readonly uptimeMs: number;
}

/** KEEPALIVED_EXITED, with the details of the exit. */
export class KeepalivedExitError extends AgentError {
  readonly exit: KeepalivedExit;

  constructor(message: string, exit: KeepalivedExit) {
    super("KEEPALIVED_EXITED", message);
    this.exit = exit;
  }
}

/**
 * Whether the configuration caused the error: keepalived refused it, exited with its code for a bad one, or crashed. If
 * keepalived was killed, or the agent stopped it, that proves nothing against the configuration.
 */
export function isCausedByConf(error: unknown): boolean {
  if (error instanceof KeepalivedExitError) {
    return error.exit.exitCode === 2 || error.exit.signal === "SIGSEGV" || error.exit.signal === "SIGABRT";
  }
  return error instanceof AgentError && error.code === "CONF_REJECTED";
}

/**
 * KEEPALIVED_EXITED with keepalived's last complaints. They say more than its exit code: 2 stands for any bad
 * configuration, and 0 also for a pid file that names a live process.
 *
 * @param when for the message, as in `before it had started`.
 */
export function exitError(
  exit: KeepalivedExit,
  when: string,
  complaints: readonly string[],
): KeepalivedExitError {
  const how = exit.exitCode === undefined ? `by ${exit.signal}` : `with exit code ${exit.exitCode}`;
  const why = complaints.length === 0 ? "" : `: ${quoteLog(complaints.join("\n"))}`;
  return new KeepalivedExitError(`keepalived ended ${how} ${when}${why}`, exit);
}
