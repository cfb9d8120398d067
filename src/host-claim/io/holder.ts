/** Logs which process keeps a starting agent waiting: another agent, or a program that only holds its socket. */

import type { Logger } from "pino";
import { AgentError } from "../../errors.ts";
import { foreignHolderError, isStatus } from "../holder.ts";
import { nameHolders } from "./name-holders.ts";
import { readStatus } from "./read-status.ts";

/** An agent that is not frozen answers within milliseconds; a Perl that hangs is waited for during 2 s. */
const ANSWER_TIMEOUT_MS = 3_000;

/** Returns at once, and logs a moment later. Never throws. */
export function logHolder(log: Logger, signal: AbortSignal): void {
  identifyHolder(log, signal).catch((err: unknown) =>
    log.warn({ err }, "holder of the socket cannot be identified"),
  );
}

async function identifyHolder(log: Logger, signal: AbortSignal): Promise<void> {
  const answer = await askHolder(signal);
  if (signal.aborted) return;
  if (isStatus(answer)) {
    const { version, pid, startedAt } = answer.agent;
    log.warn({ version, pid, startedAt }, "another agent runs in this host network, waiting until it ends");
    return;
  }
  const { code, message, hint } =
    answer instanceof AgentError ? answer : foreignHolderError(await nameHolders());
  log.error(
    { code, reason: message, hint },
    "another program holds the agent's socket, waiting until it ends",
  );
}

async function askHolder(signal: AbortSignal): Promise<unknown> {
  try {
    for await (const answer of readStatus(ANSWER_TIMEOUT_MS, signal)) return answer;
  } catch (error) {
    if (error instanceof AgentError && error.code === "CLAIM_TAKEN") return error;
    // no answer in time, or not a line of JSON
  }
  return undefined;
}
