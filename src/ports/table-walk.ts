/**
 * The ways of a port's clients through one table, from PREROUTING on: the nat table, or one that packets meet before it.
 *
 * All clients start together. A rule for some of them divides them, and each part goes on by itself. What cannot be decided or
 * read goes both ways, in doubt. (A filter table is walked the same way, see filter-walk.ts.)
 */

import { RANCHER_CHAIN } from "../iptables/rancher-chain.ts";
import { PART_OF_RULE, type Rule } from "../iptables/rule.ts";
import { MAX_JUMP_DEPTH, type Table } from "../iptables/table.ts";
import { clientsKey } from "./address-ranges.ts";
import { divide, type Flow, forgetRule, mergeFlows, remark } from "./client-flow.ts";
import type { ClientPacket } from "./client-packet.ts";
import type { Selection } from "./condition.ts";
import { changeOfMarks, keepsFromTracking, type Marks, marksKey, UNMARKED, untrack } from "./marks.ts";
import { asksForMarks, selectClients } from "./nat-match.ts";
import { outcomeBeforeNat, outcomeInNat, PASSING_TARGETS } from "./translation-target.ts";
import {
  type Arrival,
  allLeaving,
  arrive,
  type ChainExit,
  changesLists,
  divideListed,
  giveUp,
  type ListedDivision,
  listBySet,
  MAX_PORTIONS,
  MAX_STEPS,
  type MetRule,
  meetUnread,
  type RuleStep,
  type TableWalk,
  type WalkPosition,
  type WalkStart,
} from "./walk-steps.ts";

/** Where clients arrive that come to the table, and those that come to its end. */
export function walkTable(
  table: Table,
  packet: ClientPacket,
  { scope, clients, lists }: WalkStart,
): { readonly arrivals: readonly Arrival[]; readonly atEnd: Flow } {
  const walk: TableWalk = {
    table,
    packet,
    scope,
    arrivals: [],
    idle: new Set(),
    open: new Set(),
    lists,
    steps: 0,
  };
  const exit = walkChain(walk, "PREROUTING", clients, { depth: 0, isInside: scope === "any-chain" });
  return { arrivals: walk.arrivals, atEnd: allLeaving(exit) };
}

function walkChain(walk: TableWalk, name: string, clients: Flow, position: WalkPosition): ChainExit {
  const asTheyCame: ChainExit = { atEnd: clients, byReturn: [] };
  const whom = clients.map(({ sources, marks }) => `${marksKey(marks)}:${clientsKey(sources)}`);
  const key = `${name} ${position.isInside} ${whom.toSorted().join(" ")}`;
  if (walk.idle.has(key) || walk.open.has(name)) return asTheyCame;
  if (position.depth > MAX_JUMP_DEPTH) return { atEnd: giveUp(walk, clients), byReturn: [] };
  walk.open.add(name);
  const { length } = walk.arrivals;
  const { changesMarks, ...exit } = walkRules(walk, name, clients, position);
  walk.open.delete(name);
  const isDividing = position.isPart === true && exit.byReturn.length > 0;
  if (walk.arrivals.length > length || changesMarks || isDividing) return exit;
  walk.idle.add(key);
  return asTheyCame;
}

function walkRules(walk: TableWalk, name: string, clients: Flow, position: WalkPosition) {
  let here = clients;
  let returned: Flow = [];
  let ended: Flow = [];
  let changesMarks = false;
  for (const rule of walk.table.chains.get(name)?.rulesForPort(walk.packet.port) ?? []) {
    if (here.length === 0) break;
    const step = applyRule(walk, rule, here, position);
    here = step.on;
    if (step.back.length > 0) returned = mergeFlows([...returned, ...step.back]);
    if (step.end !== undefined) ended = mergeFlows([...ended, ...step.end]);
    if (here.length > MAX_PORTIONS) here = giveUp(walk, here);
    changesMarks ||= step.changesMarks;
  }
  const atEnd = ended.length === 0 ? here : mergeFlows([...ended, ...here]);
  return { atEnd, byReturn: returned, changesMarks };
}

function applyRule(walk: TableWalk, rule: Rule, clients: Flow, position: WalkPosition): RuleStep {
  const { target } = rule;
  const stays: RuleStep = { on: clients, back: [], changesMarks: false };
  walk.steps += 1;
  if (walk.steps > MAX_STEPS) return { ...stays, on: giveUp(walk, clients) };
  const isListing = changesLists(rule);
  if (target === undefined && rule.unread === undefined && !isListing) return stays;
  const select = selectorOf(walk, rule);
  const parts: ListedDivision = isListing
    ? divideListed(clients, rule, { ...walk, select })
    : { ...divide(clients, rule, select), all: clients };
  const { taken, left, all } = parts;
  if (taken.length === 0) return { on: all, back: [], changesMarks: isListing };
  if (target === undefined) {
    if (rule.unread === undefined) return { on: all, back: [], changesMarks: true };
    return { ...stays, on: meetUnread(walk, rule, { taken, left }) };
  }
  const { length } = walk.arrivals;
  const applied = applyTarget(walk, { rule, target, taken, left, clients: all }, position);
  const step = isListing ? { ...applied, changesMarks: true } : applied;
  const areDropped = walk.arrivals.slice(length).every(({ outcome }) => outcome.kind === "dropped");
  if (step.on !== left || step.back.length > 0 || !areDropped) return step;
  // who is not dropped here is not let through by the rule
  return { ...step, on: forgetRule(left, rule) };
}

function applyTarget(walk: TableWalk, met: MetRule, position: WalkPosition): RuleStep {
  const { rule, target, taken, left, clients } = met;
  const stays: RuleStep = { on: clients, back: [], changesMarks: false };
  const goesOn: RuleStep = { ...stays, on: left };
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
  if (target.name === "SET") return { ...stays, on: listBySet(target, met), changesMarks: true };
  if (PASSING_TARGETS.test(target.name)) return stays;
  if (!walk.table.chains.has(target.name)) return { ...goesOn, on: meetUnread(walk, rule, met) };
  return jump(walk, met, position);
}

/** Whom the rule selects among clients with marks. Most rules ask for none, and are judged once. */
function selectorOf({ packet, lists }: TableWalk, rule: Rule): (marks: Marks) => Selection {
  if (asksForMarks(rule)) return (marks) => selectClients(rule, packet, { marks, lists });
  const selection = selectClients(rule, packet, { marks: UNMARKED, lists });
  return () => selection;
}

/** A RETURN from PREROUTING or from Rancher's chain ends the way: no chain that could publish the port is left. */
function endOfReturn(walk: TableWalk, rule: Rule, taken: Flow, { isInside }: WalkPosition): Flow {
  const isRanchers = rule.chain === RANCHER_CHAIN && walk.scope === "rancher";
  const isEnd = rule.chain === "PREROUTING" && walk.scope !== "before-nat";
  if (!isRanchers && !isEnd) return taken;
  arrive(walk, taken, { kind: isRanchers || isInside ? "stopped" : "not-hooked", rule });
  return [];
}

function jump(walk: TableWalk, met: MetRule, position: WalkPosition): RuleStep {
  const { target, taken, left, clients } = met;
  const { length } = walk.arrivals;
  const isRanchers = target.name === RANCHER_CHAIN && walk.scope !== "before-nat";
  const isPart = target.options.some(({ name }) => name === PART_OF_RULE);
  const next = { depth: position.depth + 1, isInside: position.isInside || isRanchers, isPart };
  const exit = walkChain(walk, target.name, taken, next);
  if (isPart) return leavePart(walk, met, exit, position);
  const returned = allLeaving(exit);
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

function leavePart(
  walk: TableWalk,
  { rule, target, left }: MetRule,
  exit: ChainExit,
  position: WalkPosition,
): RuleStep {
  const back = exit.byReturn.length === 0 ? [] : endOfReturn(walk, rule, exit.byReturn, position);
  const common = { back, changesMarks: true };
  if (target.isGoto) return { ...common, on: left, end: exit.atEnd };
  return { ...common, on: mergeFlows([...left, ...exit.atEnd]) };
}
