/**
 * Sees to it that STATE_DIR is there. keepalived watches files in it and writes into it, by a place that it remembers: when
 * somebody removes the directory, this host can own no VIP any more, and a new one of the same name mends nothing.
 */
import { setTimeout as sleep } from "node:timers/promises";
import { AgentError } from "../../errors.ts";
import type { StateDir } from "./state-dir.ts";

const LOOK_MS = 1_000;

/** Runs until the signal aborts. @throws {AgentError} STATE_DIR_LOST */
export async function watchStateDir(stateDir: StateDir, signal: AbortSignal): Promise<void> {
  while (!signal.aborted) {
    if (!(await stateDir.isThere())) {
      throw new AgentError("STATE_DIR_LOST", `STATE_DIR ${stateDir.path} was removed or replaced`);
    }
    await sleep(LOOK_MS, undefined, { signal }).catch(() => undefined);
  }
}
