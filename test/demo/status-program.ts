/**
 * Follows the agent of the host network that it runs in, over the agent's restarts: one JSON line a status, and `null`
 * when there is no agent to ask.
 */
import { setTimeout as sleep } from "node:timers/promises";
import { AgentError } from "../../src/errors.ts";
import { readStatus } from "../../src/host-claim/io/read-status.ts";

const TIMEOUT_MS = 3_000;
const RETRY_MS = 100;

const { signal } = new AbortController();
for (;;) {
  try {
    for await (const status of readStatus(TIMEOUT_MS, signal)) {
      process.stdout.write(`${JSON.stringify(status)}\n`);
    }
  } catch (error) {
    if (!(error instanceof AgentError)) throw error;
  }
  process.stdout.write("null\n");
  await sleep(RETRY_MS);
}
