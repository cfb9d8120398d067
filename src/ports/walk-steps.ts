/** What a walk of clients through one table knows, where clients arrive, and how they leave a chain or a rule. */
import type { Rule, RuleTarget } from "../iptables/rule.ts";
import type { Table } from "../iptables/table.ts";
import { intersect, subtract } from "./address-ranges.ts";
import { type Division, divide, type Flow, mergeFlows, type Portion, remark } from "./client-flow.ts";
import {
  afterRecent,
  afterSetTarget,
  type Coming,
  type FilledLists,
  type KnownEntries,
} from "./client-lists.ts";
import type { ClientPacket, ClientPast } from "./client-packet.ts";
import type { Selection } from "./condition.ts";
import { type Marks, NO_ENTRIES } from "./marks.ts";
import { type Listing, listingsOf } from "./nat-match.ts";
import type { NatOutcome } from "./translation-target.ts";

export interface Arrival {
  readonly clients: Flow;
  readonly outcome: NatOutcome;
}

/** More than the kernel's own rules ever need. In text that it did not write, chains may jump to each other without end. */
export const MAX_STEPS = 200_000;

/** More different marks on the way are not followed: the clients of each go on by themselves. */
export const MAX_PORTIONS = 64;

export interface TableWalk {
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

export interface WalkPosition {
  /** Jumps within jumps so far. */
  readonly depth: number;
  /** Whether Rancher's chain has been entered. */
  readonly isInside: boolean;
  /** Whether the chain is a part of a rule of the chain before: see `PART_OF_RULE`. */
  readonly isPart?: boolean;
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

/** The clients that leave a chain without a decision. */
export interface ChainExit {
  readonly atEnd: Flow;
  readonly byReturn: Flow;
}

export function allLeaving({ atEnd, byReturn }: ChainExit): Flow {
  return byReturn.length === 0 ? atEnd : mergeFlows([...byReturn, ...atEnd]);
}

/** What a rule does with the clients that come to it and that arrive nowhere. */
export interface RuleStep {
  /** They come to the next rule. */
  readonly on: Flow;
  /** They leave the chain. */
  readonly back: Flow;
  /** They come to the end of the chain. */
  readonly end?: Flow;
  readonly changesMarks: boolean;
}

export interface MetRule {
  readonly rule: Rule;
  readonly target: RuleTarget;
  readonly taken: Flow;
  readonly left: Flow;
  /** All that came to the rule. */
  readonly clients: Flow;
}

/** A rule before the nat tables that cannot be read may let clients go on, to the next rule or to the next table. */
export function meetUnread(walk: TableWalk, rule: Rule, { taken, left }: Division): Flow {
  arrive(walk, taken, { kind: "unread", rule });
  if (walk.scope !== "before-nat") return left;
  const passed = taken.map(({ unlessBy: _, ...portion }): Portion => {
    return { ...portion, isDoubtful: true, isByDoubt: true };
  });
  arrive(walk, passed, { kind: "passed", rule: undefined });
  return mergeFlows([...left, ...passed]);
}

/** Whom the rule puts into a set, surely or in doubt. */
export function listBySet(target: RuleTarget, { taken, left }: MetRule): Flow {
  const listed = taken.map((portion) => {
    if (portion.isFew) return portion;
    const { entries = NO_ENTRIES, ...marks } = portion.marks;
    return { ...portion, marks: { ...marks, entries: afterSetTarget(target, entries) } };
  });
  return mergeFlows([...left, ...listed]);
}

export function arrive(walk: TableWalk, clients: Flow, outcome: NatOutcome): void {
  if (clients.length > 0) walk.arrivals.push({ clients, outcome });
}

export function giveUp(walk: TableWalk, clients: Flow): Flow {
  const inDoubt = clients.map((portion) => ({ ...portion, isDoubtful: true }));
  arrive(walk, inDoubt, { kind: "unread", rule: undefined });
  return [];
}

/** Whether the rule changes a list, also for clients that it does not select. */
export function changesLists({ matches }: Rule): boolean {
  return matches.some(
    ({ module, options }) =>
      module === "recent" && options.some(({ name }) => name === "--set" || name === "--remove"),
  );
}

export interface ListedDivision extends Division {
  /** All of them, as they are after the rule. */
  readonly all: Flow;
}

/** Divides the clients by a rule that changes lists. Both parts have the entries that they have after the rule. */
export function divideListed(
  flow: Flow,
  rule: Rule,
  {
    packet,
    lists,
    select,
  }: Pick<ClientPast, "lists"> & { packet: ClientPacket; select: (marks: Marks) => Selection },
): ListedDivision {
  const all: Portion[] = [];
  const taken: Portion[] = [];
  const left: Portion[] = [];
  for (const portion of flow) {
    const { marks } = portion;
    const listings = listingsOf(rule, packet, { marks, lists });
    for (const piece of piecesOf(portion, listings)) {
      const after = (before: Marks): Marks => ({ ...before, entries: piece.entries });
      const parts = divide([piece.clients], rule, select);
      all.push(...remark([piece.clients], after));
      taken.push(...remark(parts.taken, after));
      left.push(...remark(parts.left, after));
    }
  }
  return { all: mergeFlows(all), taken, left: mergeFlows(left) };
}

interface Piece {
  readonly clients: Portion;
  readonly entries: KnownEntries;
}

/** Clients of one portion that come to the same matches. */
function piecesOf(portion: Portion, listings: readonly Listing[]): readonly Piece[] {
  let pieces: readonly Piece[] = [{ clients: portion, entries: portion.marks.entries ?? NO_ENTRIES }];
  for (const listing of listings) pieces = pieces.flatMap((piece) => split(piece, listing));
  return pieces;
}

function split({ clients, entries }: Piece, { recent, reached }: Listing): Piece[] {
  const inside = intersect(clients.sources, reached.sources);
  if (inside.length === 0) return [{ clients, entries }];
  const rest = subtract(clients.sources, reached.sources);
  const others = rest.length === 0 ? [] : [{ clients: { ...clients, sources: rest }, entries }];
  return [
    {
      clients: { ...clients, sources: inside },
      entries: afterRecent(recent, entries, comingOf(clients, reached)),
    },
    ...others,
  ];
}

/** Clients that are here only by a rule in doubt come to its match in doubt, too. */
function comingOf({ isByDoubt }: Portion, { part, isDoubtful }: Selection): Coming {
  if (part === "few") return "as-one-of-few";
  return isDoubtful || isByDoubt === true ? "perhaps" : "surely";
}
