/** Who keeps a starting agent waiting, in a log line: another agent, or somebody who only has its socket. */
import type { Logger } from "pino";
import { CLAIM_NAME, isStatus, notAnAgent } from "../holder.ts";
import { readStatus } from "./claim.ts";
import { findHolders } from "./socket-holders.ts";

/** An agent that is not frozen answers in some ms. */
const ANSWER_MS = 1_000;

/** Never throws; the line comes a moment later. */
export function tellHolder(log: Logger, signal: AbortSignal): void {
  tell(log, signal).catch((err: unknown) => log.warn({ err }, "who is waited for could not be found out"));
}

async function tell(log: Logger, signal: AbortSignal): Promise<void> {
  const answer = await askHolder(signal);
  if (signal.aborted) return;
  if (isStatus(answer)) {
    const { version, pid, startedAt } = answer.agent;
    log.warn({ version, pid, startedAt }, "another agent runs in this host network, waiting for its end");
    return;
  }
  const { code, message, hint } = notAnAgent(await findHolders(CLAIM_NAME));
  log.error({ code, reason: message, hint }, "somebody has the place of the agent, waiting for its end");
}

async function askHolder(signal: AbortSignal): Promise<unknown> {
  try {
    for await (const answer of readStatus(ANSWER_MS, signal)) return answer;
  } catch {
    // nothing that answers in time, or in lines of JSON
  }
  return undefined;
}
