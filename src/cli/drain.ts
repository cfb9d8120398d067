/** The commands `drain` and `undrain`: an order for the running agent, and what became of it. */

import { replaceDrainFile } from "../drain/io/drain-file.ts";
import { addOrder, type DrainOrders, withdrawOrder } from "../drain/orders.ts";
import { AgentError } from "../errors.ts";
import type { Status } from "../status/status.ts";
import { concernedBy, objectToDrain } from "./drain-objection.ts";

/** The agent hears of an order within ms, and another host takes over within some 10 ms more. */
const PATIENCE_MS = 5_000;

export interface DrainOrder {
  readonly isDrain: boolean;
  /** Undefined: all groups of this host, also later ones. */
  readonly group: string | undefined;
  readonly isForced: boolean;
  /** The agent's status now and at each change, until the signal aborts. */
  readonly follow: (signal: AbortSignal) => AsyncIterable<Status>;
}

/**
 * Gives the order, and resolves when the agent has followed it.
 *
 * @returns a sentence for the operator.
 * @throws {AgentError} DRAIN_REFUSED, USAGE, CONF_UNWRITABLE, AGENT_UNREACHABLE, DRAIN_PENDING
 */
export async function orderDrain(order: DrainOrder): Promise<string> {
  const { isDrain, group, follow } = order;
  const patience = AbortSignal.timeout(PATIENCE_MS);
  let wanted: DrainOrders | undefined;
  let hasBeenTaken = false;
  try {
    for await (const status of follow(patience)) {
      if (wanted === undefined) {
        wanted = decide(order, status);
        await replaceDrainFile(status.agent.stateDir, `${JSON.stringify(wanted)}\n`);
      }
      hasBeenTaken ||= JSON.stringify(status.drain) === JSON.stringify(wanted);
      if (hasBeenTaken && (!isDrain || isAway(status, group))) return sentenceOn(order, status);
    }
  } catch (error) {
    if (!patience.aborted) throw error;
  }
  throw hasBeenTaken
    ? new AgentError("DRAIN_PENDING", `the order stands, but its VIPs are still here after ${PATIENCE_MS} ms`)
    : new AgentError(
        "AGENT_UNREACHABLE",
        "the order was left in STATE_DIR, and the agent did not take it in",
      );
}

/** @throws {AgentError} DRAIN_REFUSED, USAGE */
function decide({ isDrain, group, isForced }: DrainOrder, status: Status): DrainOrders {
  const { drain } = status;
  if (!isDrain) {
    if (group !== undefined && drain.all !== undefined) {
      throw new AgentError("USAGE", "all groups of this host are drained: undrain it without naming one");
    }
    return withdrawOrder(drain, group);
  }
  if (group !== undefined && concernedBy(group, status).length === 0) {
    const names = status.instances.map(({ name }) => name).join(", ");
    throw new AgentError("USAGE", `this host has no group ${group}; it has ${names || "none yet"}`);
  }
  const objection = isForced ? undefined : objectToDrain(status, group);
  if (objection !== undefined) throw new AgentError("DRAIN_REFUSED", objection);
  return addOrder(drain, group, new Date().toISOString());
}

function isAway(status: Status, group: string | undefined): boolean {
  return concernedBy(group, status).every(({ state }) => state !== "MASTER");
}

function sentenceOn({ isDrain, group }: DrainOrder, { host }: Status): string {
  const what = group === undefined ? "all groups" : `group ${group}`;
  const where = host === undefined ? "this host" : host.name;
  return isDrain
    ? `${what} of ${where}: drained, the VIPs are not here; it stays so until undrain, over restarts too`
    : `${what} of ${where}: no longer drained by command; a VIP comes back when its owner fails, or by PREEMPT`;
}
