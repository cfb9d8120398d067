/** Gives the running agent an order to drain or to undrain, and waits until it is carried out. */
import path from "node:path";
import { replaceDrainFile } from "../drain/io/drain-file.ts";
import { addOrder, type DrainOrders, withdrawOrder } from "../drain/orders.ts";
import { AgentError } from "../errors.ts";
import type { Status } from "../status/status.ts";
import { escapeControl, printableJson } from "../text/escape.ts";
import { drainRefusal, instancesOf } from "./drain-refusal.ts";

/** The agent picks an order up within milliseconds, and another host takes over some 10 ms later. */
const TIMEOUT_MS = 5_000;

export interface DrainOrder {
  readonly isDrain: boolean;
  /** Undefined: all groups of this host, later ones too. */
  readonly group: string | undefined;
  readonly isForced: boolean;
  /** STATE_DIR of this command's own environment; undefined where it is not set. */
  readonly stateDir: string | undefined;
  /** The agent's status now and at each change, until the signal aborts. */
  readonly watch: (signal: AbortSignal) => AsyncIterable<Status>;
}

/**
 * Gives the order, and resolves when the agent has carried it out.
 *
 * @returns a sentence for the operator.
 * @throws {AgentError} DRAIN_REFUSED, USAGE, CONF_UNWRITABLE, AGENT_UNREACHABLE, DRAIN_PENDING
 */
export async function orderDrain(order: DrainOrder): Promise<string> {
  const { isDrain, group, watch } = order;
  const timeout = AbortSignal.timeout(TIMEOUT_MS);
  let wanted: DrainOrders | undefined;
  let isPickedUp = false;
  try {
    for await (const status of watch(timeout)) {
      if (wanted === undefined) {
        const orders = deriveOrders(order, status);
        await replaceDrainFile(stateDirOf(order, status), `${printableJson(orders)}\n`);
        wanted = orders;
      }
      isPickedUp ||= printableJson(status.drain) === printableJson(wanted);
      if (isPickedUp && (!isDrain || isOwnerOfNone(status, group))) return resultText(order, status);
    }
  } catch (error) {
    if (!timeout.aborted) throw error;
  }
  throw isPickedUp
    ? new AgentError(
        "DRAIN_PENDING",
        `the drain is in force, but its VIPs are still on this host after ${TIMEOUT_MS / 1_000} s`,
      )
    : new AgentError(
        "AGENT_UNREACHABLE",
        wanted === undefined
          ? "the agent did not say how it is, so no order was written"
          : "the order was written to STATE_DIR, but the agent did not pick it up",
      );
}

/**
 * The own STATE_DIR, else the agent's word for it: it comes from root, or from the user that runs this command.
 *
 * @throws {AgentError} USAGE where the two differ.
 */
function stateDirOf({ stateDir }: DrainOrder, { agent }: Status): string {
  if (stateDir === undefined || path.resolve(stateDir) === path.resolve(agent.stateDir))
    return agent.stateDir;
  throw new AgentError("USAGE", `the agent of this host uses STATE_DIR ${agent.stateDir}, not ${stateDir}`, {
    hint: "Run this command in the agent's container, with its STATE_DIR.",
  });
}

/** All orders that are in force after this one. @throws {AgentError} DRAIN_REFUSED, USAGE */
function deriveOrders({ isDrain, group, isForced }: DrainOrder, status: Status): DrainOrders {
  const { drain } = status;
  if (!isDrain) {
    if (group !== undefined && drain.all !== undefined) {
      throw new AgentError("USAGE", "all groups of this host are drained: undrain it without naming one");
    }
    return withdrawOrder(drain, group);
  }
  if (group !== undefined && instancesOf(group, status).length === 0) {
    const names = status.instances.map(({ name }) => name).join(", ");
    throw new AgentError("USAGE", `this host has no group ${group}; it has ${names || "none yet"}`);
  }
  const refusal = isForced ? undefined : drainRefusal(status, group);
  if (refusal !== undefined) throw new AgentError("DRAIN_REFUSED", refusal);
  return addOrder(drain, group, new Date().toISOString());
}

function isOwnerOfNone(status: Status, group: string | undefined): boolean {
  return instancesOf(group, status).every(({ state }) => state !== "MASTER");
}

function resultText({ isDrain, group }: DrainOrder, { host }: Status): string {
  const what = group === undefined ? "all groups" : `group ${group}`;
  const where = host === undefined ? "this host" : host.name;
  const sentence = isDrain
    ? `${what} of ${where}: drained, the VIPs are not here; this lasts until undrain, even across restarts`
    : `${what} of ${where}: no longer drained by command; a VIP comes back when its owner fails, or with PREEMPT`;
  return escapeControl(sentence);
}
