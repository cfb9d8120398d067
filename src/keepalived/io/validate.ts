/** Validates a configuration with `keepalived -t`, in the network namespace in which keepalived will run. */
import { env } from "node:process";
import { execa } from "execa";
import type { Logger } from "pino";
import { AgentError } from "../../errors.ts";
import { bareEnvironment } from "../../system/child-command.ts";
import { parseLogLine, quoteLog } from "../log-line.ts";

/** keepalived needs about 10 ms. */
const TIMEOUT_MS = 5_000;

/**
 * Resolves where keepalived accepts the file. `-t` is stricter than the daemon: it refuses a file for any warning. It
 * accepts an empty file, duplicates, and a track file in a missing directory, so the caller must find those.
 *
 * @throws {AgentError} CONF_REJECTED with keepalived's own lines; KEEPALIVED_UNAVAILABLE where it gave no answer.
 * @throws the reason of the signal, where it aborts.
 */
export async function validateConf(
  path: string,
  options: { log: Logger; signal: AbortSignal },
): Promise<void> {
  const result = await execa("keepalived", ["-t", "-P", "-f", path], {
    ...bareEnvironment(env),
    all: true,
    cancelSignal: options.signal,
    forceKillAfterDelay: 500,
    reject: false,
    stdin: "ignore",
    timeout: TIMEOUT_MS,
  });
  options.signal.throwIfAborted(); // a shutdown is not a rejection
  if (result.exitCode === undefined) {
    throw new AgentError("KEEPALIVED_UNAVAILABLE", "keepalived -t could not be run to its end", {
      cause: result,
    });
  }
  // keepalived exits with 0 where the file is missing
  const isMissing = result.all.split("\n").some((line) => parseLogLine(line).kind === "conf-missing");
  if (result.exitCode !== 0 || isMissing) {
    const answer = quoteLog(result.all);
    throw new AgentError("CONF_REJECTED", `keepalived refused the file: ${answer}`, { cause: result });
  }
  options.log.debug({ path, durationMs: Math.round(result.durationMs) }, "conf accepted by keepalived");
}
