/**
 * Decides whether a port is published for most clients.
 *
 * The larger part of all addresses decides, however the rules are written. A port is published if the rules that take clients
 * away from it, or may do so, take less than half of all addresses. It is not published if fewer than half may come through.
 * Otherwise the verdict is unknown. A list whose entries the rules do not show counts as a few clients. What a smaller part
 * meets is named beside the verdict.
 *
 * A firewall before the nat tables decides who is a client. Addresses that it drops are not counted, unless it drops all. An
 * undecided drop counts as no drop. Two kinds of clients may be lost: those that only an undecided rule lets through before a
 * certain drop, and those that are dropped by a rule whose condition cannot be read.
 */
import { formatRule, type Rule } from "../iptables/rule.ts";
import type { Family } from "../network/address.ts";
import { lastOf } from "../network/masked-network.ts";
import { type AddressRanges, intersect, sizeOf, uniteAll } from "./address-ranges.ts";
import { nameClients, type Portion } from "./client-flow.ts";
import type { Arrival } from "./walk-steps.ts";

/** A list of blocked addresses may have thousands of rules. */
const NAMED_EXCEPTIONS = 8;

export interface Shares {
  readonly verdict: "published" | "not-published" | "unknown";
  /** Unknown only because of a rule that may take clients away. The clients that it leaves come through. */
  readonly isPublishedAsRead?: boolean;
  /** The arrivals that are no translation of Rancher's, the largest first, those in doubt after the others. */
  readonly losses: readonly Arrival[];
  /** The translations, the largest first. */
  readonly gains: readonly Arrival[];
}

export function shareOut(arrivals: readonly Arrival[], family: Family): Shares {
  const gains = arrivals.filter(({ outcome }) => outcome.kind === "translated");
  const dropped = arrivals.filter(isDropped);
  const losses = arrivals.filter((arrival) => arrival.outcome.kind !== "translated" && !isDropped(arrival));
  const everybody = everybodyIn(arrivals, family);
  if (everybody === 0n) return { verdict: "not-published", losses: largestFirst(dropped), gains };
  // no rule before the nat tables publishes anything
  const unread = arrivals.filter(
    ({ outcome: { kind, rule } }) => kind === "unread" && rule?.table === undefined,
  );
  const mayBePublished = isMost([...gains, ...unread], everybody);
  const verdictOfMost = mayBePublished ? "unknown" : "not-published";
  const spared = largestFirst([
    ...inDoubtBy(arrivals, ({ unlessBy }) => unlessBy),
    ...inDoubtBy(arrivals, ({ unreadBy }) => unreadBy),
  ]);
  const isByLosses = isMost(losses, everybody);
  const verdict = isByLosses || isMost([...losses, ...spared], everybody) ? verdictOfMost : "published";
  const certainly = dropped.filter((arrival) => !isInDoubt(arrival));
  const others = [...largestFirst(losses), ...largestFirst(certainly)];
  return {
    verdict,
    isPublishedAsRead: verdict === "unknown" && isMost(gains.map(withoutDoubted), everybody),
    losses: verdict === "unknown" && !isByLosses ? [...spared, ...others] : [...others, ...spared],
    gains: largestFirst(gains),
  };
}

/**
 * Clients that are dropped or not, as an undecided rule has it: one that may let them through before, or one that drops them and
 * cannot be read. The rule of each arrival is that one.
 */
function inDoubtBy(arrivals: readonly Arrival[], ruleOf: (portion: Portion) => Rule | undefined): Arrival[] {
  const survivors = addressesOf(arrivals.filter((arrival) => !isDropped(arrival)));
  const byRule = new Map<Rule, Portion[]>();
  for (const portion of arrivals.filter(isDropped).flatMap(({ clients }) => clients)) {
    const sources = intersect(portion.sources, survivors);
    const rule = ruleOf(portion);
    if (rule === undefined || sources.length === 0) continue;
    byRule.set(rule, [...(byRule.get(rule) ?? []), { ...portion, sources }]);
  }
  return [...byRule].map(([rule, clients]) => ({ clients, outcome: { kind: "dropped", rule } }));
}

/** Without clients that are here only if a condition that cannot be decided holds. */
export function withoutDoubted({ clients, outcome }: Arrival): Arrival {
  return { clients: clients.filter(({ isByDoubt }) => isByDoubt !== true), outcome };
}

/** The number of addresses that may be a client's. */
export function everybodyIn(arrivals: readonly Arrival[], family: Family): bigint {
  if (!arrivals.some(isDropped)) return lastOf(family) + 1n;
  return sizeOf(addressesOf(arrivals.filter((arrival) => !isDropped(arrival))));
}

function isDropped({ outcome }: Arrival): boolean {
  return outcome.kind === "dropped";
}

/** Whether the clients that arrive so are half of them or more. */
export function isMost(arrivals: readonly Arrival[], everybody: bigint): boolean {
  return sizeOf(addressesOf(arrivals)) * 2n >= everybody;
}

/** Whether only clients in doubt arrive there. */
function isInDoubt({ clients, outcome }: Arrival): boolean {
  return outcome.kind === "unread" || clients.every(({ isDoubtful }) => isDoubtful);
}

/** The addresses of which more than a few clients arrive. */
function addressesOf(arrivals: readonly Arrival[]): AddressRanges {
  const clients = arrivals.flatMap((arrival) => arrival.clients);
  return uniteAll(clients.filter(({ isFew }) => !isFew).map(({ sources }) => sources));
}

function largestFirst(arrivals: readonly Arrival[]): Arrival[] {
  const sized = arrivals.map((arrival) => {
    return { arrival, doubt: Number(isInDoubt(arrival)), size: sizeOf(addressesOf([arrival])) };
  });
  const sorted = sized.toSorted(
    (a, b) => a.doubt - b.doubt || (a.size === b.size ? 0 : a.size > b.size ? -1 : 1),
  );
  return sorted.map(({ arrival }) => arrival);
}

/** What a smaller part of the clients meets. The largest parts are named, and the others are counted. */
export function exceptionsOf(arrivals: readonly Arrival[], family: Family) {
  const exceptions = arrivals.slice(0, NAMED_EXCEPTIONS).flatMap(({ clients, outcome: { rule } }) => {
    const whom = nameClients(clients, family);
    return whom === undefined ? [] : [rule === undefined ? whom : `${whom}: ${formatRule(rule)}`];
  });
  const others = arrivals.length - NAMED_EXCEPTIONS;
  const counted = others > 0 ? [`other clients, by ${others} more rules`] : [];
  return exceptions.length === 0 ? {} : { exceptions: [...new Set(exceptions), ...counted] };
}

/**
 * The clients that a nat table drops by a rule, or by its policy. As before the nat tables, a drop in doubt drops nobody, unless
 * its condition cannot be read.
 */
export function droppedBeside(policy: Rule | undefined, arrivals: readonly Arrival[]): Arrival[] {
  return arrivals.flatMap(({ clients, outcome }) => {
    const name = outcome.rule?.target?.name;
    const isAtEnd = outcome.kind === "not-hooked" && (name === undefined || name === "RETURN");
    const rule = isAtEnd ? policy : outcome.rule;
    const isDropping = isAtEnd || name === "DROP" || name === "REJECT";
    const dropped = clients.filter(({ isByDoubt, unreadBy }) => isByDoubt !== true || unreadBy !== undefined);
    if (rule === undefined || !isDropping || outcome.kind === "dropped" || dropped.length === 0) return [];
    return [{ clients: dropped, outcome: { kind: "not-hooked", rule } } as const];
  });
}
