/** The end of a keepalived, and how it is told. */
import { AgentError } from "../errors.ts";
import { quoteLog } from "./log-line.ts";

/** One of exit code and signal name is there. */
export interface KeepalivedExit {
  readonly exitCode: number | undefined;
  readonly signal: string | undefined;
  readonly uptimeMs: number;
}

/** KEEPALIVED_EXITED, with what is known of the end. */
export class KeepalivedExitError extends AgentError {
  readonly exit: KeepalivedExit;

  constructor(message: string, exit: KeepalivedExit) {
    super("KEEPALIVED_EXITED", message);
    this.exit = exit;
  }
}

/**
 * Whether an error is keepalived's verdict on its conf: it refused it, ended with the code that it has for bad ones, or
 * crashed over it. One that was killed, or ended by the agent's own stop, said nothing.
 */
export function isCausedByConf(error: unknown): boolean {
  if (error instanceof KeepalivedExitError) {
    return error.exit.exitCode === 2 || error.exit.signal === "SIGSEGV" || error.exit.signal === "SIGABRT";
  }
  return error instanceof AgentError && error.code === "CONF_REJECTED";
}

/**
 * KEEPALIVED_EXITED with keepalived's last complaints, which say more than its exit code:
 * 2 stands for any bad conf, and 0 also for a pid file that names a live process.
 *
 * @param when the occasion, as in `before it had started`
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
