/** Gives the running agent an order to drain or to undrain, and waits until it is carried out. */
import path from "node:path";
import type { Cluster } from "../cluster/cluster.ts";
import { replaceDrainFile } from "../drain/io/drain-file.ts";
import { addOrder, type DrainOrders, withdrawOrder } from "../drain/orders.ts";
import { AgentError } from "../errors.ts";
import type { GroupStatus } from "../status/owner.ts";
import type { Status } from "../status/status.ts";
import { escapeControl, printableJson } from "../text/escape.ts";
import { nearestName } from "../text/nearest-name.ts";
import { type DrainOutcome, drainOutcome, isServed, outcomeText, returnText } from "./drain-outcome.ts";
import { drainRefusal, instancesOf, refusalHint, spareWarnings } from "./drain-refusal.ts";

/** The agent picks an order up within milliseconds. */
const PICK_UP_MS = 5_000;
/** Another host takes over some 10 ms after the release, and within an advert interval. */
const TAKEOVER_MS = 10_000;

export interface DrainOrder {
  readonly isDrain: boolean;
  /** Undefined: all groups of this host, later ones too. */
  readonly group: string | undefined;
  readonly isForced: boolean;
  /** STATE_DIR of this command's own environment; undefined where it is not set. */
  readonly stateDir: string | undefined;
  /** How long another host's adverts are awaited; 10 s unless it is set. */
  readonly takeoverMs?: number;
  /** The agent's status now and at each change, until the signal aborts. */
  readonly watch: (signal: AbortSignal) => AsyncIterable<Status>;
  /** Prints a line for the operator. */
  readonly tell: (line: string) => void;
  /** What the other hosts report: a reason to warn, which stops nothing. */
  readonly readCluster: (status: Status) => Promise<Cluster>;
  readonly warn: (line: string) => void;
}

/** An order that was written. */
interface Given {
  readonly orders: DrainOrders;
  /** The groups of the order, as they were. */
  readonly groups: readonly GroupStatus[];
  readonly drainBefore: DrainOrders;
}

/** How far the order came. */
type Progress =
  | { readonly phase: "not-written" }
  | { readonly phase: "not-picked-up"; readonly given: Given }
  /** `latest` is the last status after that. */
  | {
      readonly phase: "picked-up";
      readonly given: Given;
      readonly pickedUpMs: number;
      readonly latest: Status;
    };

/**
 * Gives the order, prints the outcome for each group, and resolves when the order is carried out and another host owns
 * the VIPs that this one owned.
 *
 * @throws {AgentError} DRAIN_REFUSED, USAGE, CONF_UNWRITABLE, AGENT_UNREACHABLE, DRAIN_PENDING, DRAIN_UNSERVED
 */
export async function orderDrain(order: DrainOrder): Promise<void> {
  const progress = await carryOut(order);
  if (progress.phase !== "picked-up") throw unreachable(progress.phase);
  const { given, pickedUpMs, latest } = progress;
  if (order.isDrain) tellDrained(order, outcomesOf(given, latest), latest, performance.now() - pickedUpMs);
  else tellUndrained(order, given, latest);
}

/** @returns how far the order came by its deadline, which is no error. */
async function carryOut(order: DrainOrder): Promise<Progress> {
  const deadline = createDeadline();
  let progress: Progress = { phase: "not-written" };
  deadline.set(PICK_UP_MS);
  try {
    for await (const status of order.watch(deadline.signal)) {
      const next = await advance(progress, order, status);
      if (next.phase !== progress.phase)
        deadline.set(next.phase === "picked-up" ? (order.takeoverMs ?? TAKEOVER_MS) : PICK_UP_MS);
      progress = next;
      if (isOver(progress, order)) break;
    }
  } catch (error) {
    if (!deadline.signal.aborted) throw error;
  } finally {
    deadline.clear();
  }
  return progress;
}

/** The progress after one more status of the agent. The first one has the order written. */
async function advance(progress: Progress, order: DrainOrder, status: Status): Promise<Progress> {
  if (progress.phase === "picked-up") return { ...progress, latest: status };
  const given = progress.phase === "not-written" ? await give(order, status) : progress.given;
  return printableJson(status.drain) === printableJson(given.orders)
    ? { phase: "picked-up", given, pickedUpMs: performance.now(), latest: status }
    : { phase: "not-picked-up", given };
}

function isOver(progress: Progress, { isDrain }: DrainOrder): boolean {
  if (progress.phase !== "picked-up") return false;
  return !isDrain || outcomesOf(progress.given, progress.latest).every(isServed);
}

async function give(order: DrainOrder, status: Status): Promise<Given> {
  const orders = deriveOrders(order, status);
  const groups = instancesOf(order.group, status);
  if (order.isDrain)
    for (const warning of await warningsOf(order, status)) order.warn(`warning: ${escapeControl(warning)}`);
  await replaceDrainFile(stateDirOf(order, status), orders);
  return { orders, groups, drainBefore: status.drain };
}

async function warningsOf({ group, isForced, readCluster }: DrainOrder, status: Status): Promise<string[]> {
  const refusal = isForced ? drainRefusal(status, group) : undefined;
  const owned = instancesOf(group, status).filter(({ state }) => state === "MASTER");
  const cluster = owned.length === 0 ? undefined : await readCluster(status);
  const ofSpares =
    cluster === undefined ? [] : spareWarnings(cluster, new Set(owned.map(({ name }) => name)));
  return [...(refusal === undefined ? [] : [refusal]), ...ofSpares];
}

/**
 * The command's own STATE_DIR, else the one that the agent names: the agent runs as root, or as the user of this
 * command.
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
  if (!isDrain && group !== undefined && drain.all !== undefined)
    throw new AgentError("USAGE", "all groups of this host are drained", {
      hint: "Run `rancher-keepalived undrain` without naming one.",
    });
  // an order outlives its group, and can still be withdrawn
  const isOrdered = !isDrain && group !== undefined && Object.hasOwn(drain.groups, group);
  if (group !== undefined && !isOrdered && instancesOf(group, status).length === 0)
    throw unknownGroup(group, status);
  if (!isDrain) return withdrawOrder(drain, group);
  const refusal = isForced ? undefined : drainRefusal(status, group);
  if (refusal !== undefined) throw new AgentError("DRAIN_REFUSED", refusal, refusalHint(status));
  return addOrder(drain, group, new Date().toISOString());
}

function unknownGroup(group: string, { instances }: Status): AgentError {
  const names = instances.map(({ name }) => name);
  const near = nearestName(group, names);
  const suggestion = near === undefined ? "" : `; did you mean ${near}?`;
  const has = names.join(", ") || "none yet";
  return new AgentError(
    "USAGE",
    `this host has no group ${printableJson(group)}; it has ${has}${suggestion}`,
    { hint: "Name one of this host's groups, or none for all: `rancher-keepalived status` lists them." },
  );
}

function outcomesOf({ groups }: Given, { instances }: Status): DrainOutcome[] {
  return groups.map((before) =>
    drainOutcome(
      before,
      instances.find(({ name }) => name === before.name),
    ),
  );
}

/** @throws {AgentError} DRAIN_PENDING, DRAIN_UNSERVED */
function tellDrained(
  order: DrainOrder,
  outcomes: readonly DrainOutcome[],
  status: Status,
  waitedMs: number,
): void {
  const told = (outcome: DrainOutcome) => outcomeText(outcome, waitedMs);
  const served = outcomes.filter(({ phase }) => order.isForced || phase !== "released");
  for (const outcome of served) if (outcome.phase !== "owning") order.tell(escapeControl(told(outcome)));
  const owning = outcomes.filter(({ phase }) => phase === "owning");
  if (owning.length > 0) throw new AgentError("DRAIN_PENDING", owning.map(told).join("; "));
  const released = outcomes.filter(({ phase }) => phase === "released");
  if (released.length > 0 && !order.isForced)
    throw new AgentError("DRAIN_UNSERVED", released.map(told).join("; "));
  const subject = subjectOf(order.group, whereOf(status));
  order.tell(escapeControl(`${subject} drained until undrain, also after restarts`));
}

function tellUndrained({ group, tell }: DrainOrder, { drainBefore }: Given, status: Status): void {
  const where = whereOf(status);
  const ordered = drainBefore.all === undefined ? Object.keys(drainBefore.groups) : undefined;
  const wasOrdered =
    ordered === undefined || (group === undefined ? ordered.length > 0 : ordered.includes(group));
  const back = returnText(instancesOf(group, status));
  if (wasOrdered) tell(escapeControl(`${subjectOf(group, where)} no longer drained by command; ${back}`));
  else if (group === undefined) tell(escapeControl(`no group of ${where} was drained by command`));
  else tell(escapeControl(`group ${group} of ${where} was not drained by command`));
  for (const { group: name, drainedBy } of status.health)
    if (drainedBy !== undefined && (group === undefined || group === name))
      tell(escapeControl(`${name}: still drained by ${drainedBy}`));
}

/** `group main of node-1 is`, `all groups of node-1 are` */
function subjectOf(group: string | undefined, where: string): string {
  return group === undefined ? `all groups of ${where} are` : `group ${group} of ${where} is`;
}

function whereOf({ host }: Status): string {
  return host === undefined ? "this host" : host.name;
}

function unreachable(phase: Exclude<Progress["phase"], "picked-up">): AgentError {
  return new AgentError(
    "AGENT_UNREACHABLE",
    phase === "not-written"
      ? "the agent did not report its status, so no order was written"
      : "the order was written to STATE_DIR, but the agent did not pick it up",
  );
}

interface Deadline {
  readonly signal: AbortSignal;
  /** The signal aborts after this time from now, and not at an earlier deadline. */
  set(ms: number): void;
  clear(): void;
}

function createDeadline(): Deadline {
  const stop = new AbortController();
  let timer: NodeJS.Timeout | undefined;
  return {
    signal: stop.signal,
    set: (ms) => {
      clearTimeout(timer);
      timer = setTimeout(() => stop.abort(), ms);
    },
    clear: () => clearTimeout(timer),
  };
}
