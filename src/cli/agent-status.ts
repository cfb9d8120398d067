/** The status of the agent that runs in this host network, for the commands that ask it. */
import { foreignHolderError, isStatus } from "../host-claim/holder.ts";
import { readStatus } from "../host-claim/io/read-status.ts";
import type { Status } from "../status/status.ts";

/** A running agent answers within milliseconds; a frozen one never does. */
const ANSWER_TIMEOUT_MS = 3_000;

/**
 * Yields the status now and at each change, until the agent ends or the signal aborts.
 *
 * @throws {AgentError} AGENT_UNREACHABLE if no agent answers, CLAIM_TAKEN if something else does.
 */
export async function* watchAgentStatus(signal: AbortSignal): AsyncGenerator<Status> {
  for await (const answer of readStatus(ANSWER_TIMEOUT_MS, signal)) {
    if (!isStatus(answer)) {
      // loaded for this alone
      const { nameHolders } = await import("../host-claim/io/name-holders.ts");
      throw foreignHolderError(await nameHolders());
    }
    yield answer;
  }
}
