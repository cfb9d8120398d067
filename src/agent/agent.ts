/** The agent's life: one agent in a host network. It starts over if STATE_DIR is lost, and releases its VIPs at its end. */
import { AgentError } from "../errors.ts";
import { openHooks } from "../hooks/io/hooks.ts";
import { claimHost, type HostClaim } from "../host-claim/io/claim.ts";
import { logHolder } from "../host-claim/io/holder.ts";
import { openJournal } from "../journal/io/journal.ts";
import { assertRequirements } from "../preflight/io/preflight.ts";
import { runParts } from "../system/io/run-parts.ts";
import { openStateDir } from "../system/io/state-dir.ts";
import { lockStateDir } from "../system/io/state-dir-lock.ts";
import type { AgentOptions } from "./options.ts";
import { startParts } from "./parts.ts";

/**
 * Runs until the signal aborts; by its return keepalived has ended and released the VIPs.
 *
 * @throws {AgentError} CAPABILITY_MISSING, PROGRAM_MISSING, STATE_DIR_TAKEN before anything is touched; what a part fails
 *   with.
 */
export async function runAgent(options: AgentOptions): Promise<void> {
  const { log, signal } = options;
  assertRequirements();
  const claim = await claimHost(() => logHolder(log, signal), signal);
  try {
    while ((await runUntilLost(options, claim)) === "lost");
  } finally {
    claim.release();
  }
}

/** @returns `lost` if STATE_DIR was removed: the parts must start over with a new one. */
async function runUntilLost(options: AgentOptions, claim: HostClaim): Promise<"stopped" | "lost"> {
  const { settings, log, signal } = options;
  const stateDir = await openStateDir(settings.agent.stateDir);
  const unlock = await lockStateDir(stateDir.path, log);
  const journal = await openJournal(stateDir.path, log);
  journal.record({ kind: "agent-started", version: options.version });
  const onStop = () => journal.record({ kind: "agent-stopping" });
  signal.addEventListener("abort", onStop, { once: true });
  const { notifyScript: script, notifyUrl: url } = settings.agent;
  const hooks = openHooks({ script, url, log: log.child({ component: "hooks" }) });
  try {
    const resources = { claim, stateDir, journal, hooks };
    await runParts(
      (partsSignal, add) => startParts({ ...options, signal: partsSignal }, resources, add),
      signal,
    );
    return "stopped";
  } catch (error) {
    if (!(error instanceof AgentError && error.code === "STATE_DIR_LOST") || signal.aborted) throw error;
    log.error({ code: error.code, reason: error.message, hint: error.hint }, "agent restarts itself");
    return "lost";
  } finally {
    signal.removeEventListener("abort", onStop);
    await hooks.close();
    journal.record({ kind: "agent-stopped" });
    await journal.close();
    unlock();
  }
}
