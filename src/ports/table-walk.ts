/**
 * The ways of a port's clients through one table, from PREROUTING on: the nat table, or one that packets meet before it.
 *
 * All clients start together. A rule for some of them divides them, and each part goes on by itself. What cannot be decided or
 * read goes both ways, in doubt. (A filter table is walked the same way, see filter-walk.ts.)
 */

import { RANCHER_CHAIN } from "../iptables/rancher-chain.ts";
import type { Rule, RuleTarget } from "../iptables/rule.ts";
import { MAX_JUMP_DEPTH, type Table } from "../iptables/table.ts";
import { clientsKey } from "./address-ranges.ts";
import { divide, type Flow, forgetRule, mergeFlows, remark } from "./client-flow.ts";
import type { FilledLists } from "./client-lists.ts";
import type { ClientPacket } from "./client-packet.ts";
import type { Selection } from "./condition.ts";
import { changeOfMarks, keepsFromTracking, type Marks, UNMARKED, untrack } from "./marks.ts";
import { asksForMarks, selectClients } from "./nat-match.ts";
import { type NatOutcome, outcomeBeforeNat, outcomeInNat, PASSING_TARGETS } from "./translation-target.ts";

export interface Arrival {
  readonly clients: Flow;
  readonly outcome: NatOutcome;
}

/** More than the kernel's own rules ever need. In text that it did not write, chains may jump to each other without end. */
const MAX_STEPS = 200_000;

/** More different marks on the way are not followed: the clients of each go on by themselves. */
const MAX_PORTIONS = 64;

interface Walk {
  readonly table: Table;
  readonly packet: ClientPacket;
  readonly scope: WalkScope;
  readonly arrivals: Arrival[];
  /** Chains that decided nothing for these clients. They decide nothing for them the next time either. */
  readonly idle: Set<string>;
  /** Chains on the way to here. The kernel allows no loop, so this only ends the walk in text that it did not write. */
  readonly open: Set<string>;
  readonly lists: () => FilledLists;
  steps: number;
}

interface Position {
  /** Jumps within jumps so far. */
  readonly depth: number;
  /** Whether Rancher's chain has been entered. */
  readonly isInside: boolean;
}

/** `before-nat`: a table that packets meet before the nat tables. */
export type WalkScope = NatScope | "before-nat";

/** `rancher`: only Rancher's chain publishes a port. `any-chain`: every chain does, so all of them count as Rancher's. */
export type NatScope = "rancher" | "any-chain";

export interface WalkStart {
  readonly scope: WalkScope;
  readonly clients: Flow;
  /** Lists of clients that rules fill, of this table or of others. */
  readonly lists: () => FilledLists;
}

/** Where clients arrive that come to the table, and those that come to its end. */
export function walkTable(
  table: Table,
  packet: ClientPacket,
  { scope, clients, lists }: WalkStart,
): { readonly arrivals: readonly Arrival[]; readonly atEnd: Flow } {
  const walk: Walk = {
    table,
    packet,
    scope,
    arrivals: [],
    idle: new Set(),
    open: new Set(),
    lists,
    steps: 0,
  };
  const atEnd = walkChain(walk, "PREROUTING", clients, { depth: 0, isInside: scope === "any-chain" });
  return { arrivals: walk.arrivals, atEnd };
}

/** @returns the clients that leave the chain without a decision, back to the chain that they came from. */
function walkChain(walk: Walk, name: string, clients: Flow, position: Position): Flow {
  const whom = clients.map(
    ({ sources, marks }) => `${marks.packet}/${marks.connection}:${clientsKey(sources)}`,
  );
  const key = `${name} ${position.isInside} ${whom.toSorted().join(" ")}`;
  if (walk.idle.has(key) || walk.open.has(name)) return clients;
  if (position.depth > MAX_JUMP_DEPTH) return giveUp(walk, clients);
  walk.open.add(name);
  const { length } = walk.arrivals;
  let here = clients;
  let returned: Flow = [];
  let changesMarks = false;
  for (const rule of walk.table.chains.get(name)?.rulesForPort(walk.packet.port) ?? []) {
    if (here.length === 0) break;
    const step = applyRule(walk, rule, here, position);
    here = step.on;
    if (step.back.length > 0) returned = mergeFlows([...returned, ...step.back]);
    if (here.length > MAX_PORTIONS) here = giveUp(walk, here);
    changesMarks ||= step.changesMarks;
  }
  walk.open.delete(name);
  if (walk.arrivals.length > length || changesMarks) return mergeFlows([...returned, ...here]);
  walk.idle.add(key);
  return clients;
}

/** What a rule does with the clients that come to it and that arrive nowhere. */
interface Step {
  /** They come to the next rule. */
  readonly on: Flow;
  /** They leave the chain. */
  readonly back: Flow;
  readonly changesMarks: boolean;
}

function applyRule(walk: Walk, rule: Rule, clients: Flow, position: Position): Step {
  const { target } = rule;
  const stays: Step = { on: clients, back: [], changesMarks: false };
  walk.steps += 1;
  if (walk.steps > MAX_STEPS) return { ...stays, on: giveUp(walk, clients) };
  if (target === undefined && rule.unread === undefined) return stays;
  const { taken, left } = divide(clients, rule, selectorOf(walk, rule));
  if (taken.length === 0) return stays;
  if (target === undefined) {
    arrive(walk, taken, { kind: "unread", rule });
    return { ...stays, on: left };
  }
  const { length } = walk.arrivals;
  const step = applyTarget(walk, { rule, target, taken, left, clients }, position);
  const areDropped = walk.arrivals.slice(length).every(({ outcome }) => outcome.kind === "dropped");
  if (step.on !== left || step.back.length > 0 || !areDropped) return step;
  // who is not dropped here is not let through by the rule
  return { ...step, on: forgetRule(left, rule) };
}

interface Met {
  readonly rule: Rule;
  readonly target: RuleTarget;
  readonly taken: Flow;
  readonly left: Flow;
  /** All that came to the rule. */
  readonly clients: Flow;
}

function applyTarget(walk: Walk, met: Met, position: Position): Step {
  const { rule, target, taken, left, clients } = met;
  const stays: Step = { on: clients, back: [], changesMarks: false };
  const goesOn: Step = { ...stays, on: left };
  if (target.name === "RETURN") return { ...goesOn, back: endOfReturn(walk, rule, taken, position) };
  const { packet, scope } = walk;
  const outcome =
    scope === "before-nat"
      ? outcomeBeforeNat(rule, target)
      : outcomeInNat(rule, target, { port: packet.port, ...position });
  if (outcome !== undefined) {
    arrive(walk, taken, outcome);
    return goesOn;
  }
  // before connection tracking there is no connection to mark
  if (target.name === "CONNMARK" && packet.isTracked === false) return stays;
  // nor is a packet kept from tracking that is tracked already
  const isUntracking = packet.isTracked === false && keepsFromTracking(target);
  const change = isUntracking ? untrack(rule) : changeOfMarks(target);
  if (change !== undefined) {
    return { ...stays, on: mergeFlows([...left, ...remark(taken, change)]), changesMarks: true };
  }
  if (PASSING_TARGETS.test(target.name)) return stays;
  if (!walk.table.chains.has(target.name)) {
    arrive(walk, taken, { kind: "unread", rule });
    return goesOn;
  }
  return jump(walk, met, position);
}

/** Whom the rule selects among clients with marks. Most rules ask for none, and are judged once. */
function selectorOf({ packet, lists }: Walk, rule: Rule): (marks: Marks) => Selection {
  if (asksForMarks(rule)) return (marks) => selectClients(rule, packet, { marks, lists });
  const selection = selectClients(rule, packet, { marks: UNMARKED, lists });
  return () => selection;
}

/** A RETURN from PREROUTING or from Rancher's chain ends the way: no chain that could publish the port is left. */
function endOfReturn(walk: Walk, rule: Rule, taken: Flow, { isInside }: Position): Flow {
  const isRanchers = rule.chain === RANCHER_CHAIN && walk.scope === "rancher";
  const isEnd = rule.chain === "PREROUTING" && walk.scope !== "before-nat";
  if (!isRanchers && !isEnd) return taken;
  arrive(walk, taken, { kind: isRanchers || isInside ? "stopped" : "not-hooked", rule });
  return [];
}

function jump(walk: Walk, { target, taken, left, clients }: Met, position: Position): Step {
  const { length } = walk.arrivals;
  const isRanchers = target.name === RANCHER_CHAIN && walk.scope !== "before-nat";
  const next = { depth: position.depth + 1, isInside: position.isInside || isRanchers };
  const returned = walkChain(walk, target.name, taken, next);
  if (next.isInside && !position.isInside) {
    arrive(walk, returned, { kind: "unmatched", rule: undefined });
    return { on: left, back: [], changesMarks: false };
  }
  const changesMarks = returned !== taken && walk.arrivals.length === length;
  if (target.isGoto || returned.length === 0) return { on: left, back: returned, changesMarks };
  // a chain that did nothing divides nobody
  if (returned === taken) return { on: clients, back: [], changesMarks };
  return { on: mergeFlows([...left, ...returned]), back: [], changesMarks };
}

function arrive(walk: Walk, clients: Flow, outcome: NatOutcome): void {
  if (clients.length > 0) walk.arrivals.push({ clients, outcome });
}

function giveUp(walk: Walk, clients: Flow): Flow {
  const inDoubt = clients.map((portion) => ({ ...portion, isDoubtful: true }));
  arrive(walk, inDoubt, { kind: "unread", rule: undefined });
  return [];
}
