/**
 * The ways of a port's clients to the rule that decides: through the tables before the nat tables, which may mark them or drop
 * them, and through the nat table, from PREROUTING through the jump to Rancher's chain.
 */
import type { ParsedEarlier, Table } from "../iptables/table.ts";
import { allAddressesOf } from "./address-ranges.ts";
import { type Flow, isSameFlow, mergeFlows, type Portion } from "./client-flow.ts";
import { type FilledLists, filledListsOf } from "./client-lists.ts";
import { type ClientPacket, FIRST_TIME } from "./client-packet.ts";
import { UNMARKED } from "./marks.ts";
import { selectClients } from "./nat-match.ts";
import { walkTable } from "./table-walk.ts";
import type { Arrival, NatScope } from "./walk-steps.ts";

/** Connection tracking has this priority. Before it no packet has a connection. */
const TRACKING_PRIORITY = -200;

/** Where the clients of a port arrive. Every client arrives somewhere. */
export function walkNatTable(
  table: Table,
  packet: ClientPacket,
  scope: NatScope = "rancher",
): readonly Arrival[] {
  const { earlier = [] } = table;
  let filled: FilledLists | undefined;
  const lists = (): FilledLists => {
    filled ??= filledListsOf([table, ...earlier.map((one) => one.table)]);
    return filled;
  };
  const before = walkEarlierTables(earlier, packet, lists);
  const { arrivals, atEnd } = walkTable(table, packet, { scope, clients: before.clients, lists });
  const kind = scope === "any-chain" ? "unmatched" : "not-hooked";
  const left: Arrival[] = atEnd.length === 0 ? [] : [{ clients: atEnd, outcome: { kind, rule: undefined } }];
  return [...before.arrivals, ...arrivals, ...left];
}

interface ClientsAtNat {
  readonly clients: Flow;
  /** Those that never come to a nat table. */
  readonly arrivals: readonly Arrival[];
}

type Pass = (one: ParsedEarlier, before: ClientsAtNat) => ClientsAtNat;

/** In the order of their priorities. */
function walkEarlierTables(
  tables: readonly ParsedEarlier[],
  packet: ClientPacket,
  lists: () => FilledLists,
): ClientsAtNat {
  const sources = allAddressesOf(packet.family);
  const everybody: Flow = [{ sources, isFew: false, isDoubtful: false, marks: UNMARKED }];
  let at: ClientsAtNat = { clients: everybody, arrivals: [] };
  for (const priority of new Set(tables.map((one) => one.priority))) {
    const there = { ...packet, isTracked: priority > TRACKING_PRIORITY };
    const pass: Pass = (one, before) => {
      const start = { scope: "before-nat", clients: before.clients, lists } as const;
      return passTable(one, walkTable(one.table, there, start), before);
    };
    at = passLevel(
      tables.filter((one) => one.priority === priority),
      pass,
      at,
    );
  }
  if (!isFirewalled(at) || !hasListOfClients(tables, packet)) return leaveUntracked(at);
  return leaveUntracked({ ...at, clients: at.clients.map((portion) => ({ ...portion, isFew: false })) });
}

/** Whether all but a few clients are dropped. */
function isFirewalled({ clients, arrivals }: ClientsAtNat): boolean {
  const lost = arrivals.filter(({ outcome }) => outcome.kind !== "dropped");
  const left = [...clients, ...lost.flatMap((arrival) => arrival.clients)];
  return clients.length > 0 && left.every(({ isFew }) => isFew);
}

/** No nat table sees a packet without connection tracking. */
function leaveUntracked({ clients, arrivals }: ClientsAtNat): ClientsAtNat {
  const untracked = clients.flatMap((portion): Arrival[] => {
    const rule = portion.marks.untrackedBy;
    return rule === undefined ? [] : [{ clients: [portion], outcome: { kind: "not-hooked", rule } }];
  });
  if (untracked.length === 0) return { clients, arrivals };
  const tracked = clients.filter(({ marks }) => marks.untrackedBy === undefined);
  return { clients: tracked, arrivals: [...arrivals, ...untracked] };
}

/**
 * Tables of one priority, such as both backends' tables `raw`, come in the order in which they were made, which is not known.
 * Where the order makes a difference, each of the two is in doubt.
 */
function passLevel(tables: readonly ParsedEarlier[], pass: Pass, at: ClientsAtNat): ClientsAtNat {
  const passAll = (ordered: readonly ParsedEarlier[]) =>
    ordered.reduce((before, one) => pass(one, before), at);
  const result = passAll(tables);
  if (tables.length < 2) return result;
  const other = passAll(tables.toReversed());
  if (isSameFlow(result.clients, other.clients)) return result;
  const both = [...result.clients, ...other.clients].map((portion) => ({ ...portion, isDoubtful: true }));
  const { length } = at.arrivals;
  const gone = [...result.arrivals.slice(length), ...other.arrivals.slice(length)].map(doubtArrival);
  return { clients: mergeFlows(both), arrivals: [...at.arrivals, ...gone] };
}

/** Clients that are dropped in one order, and in the other one perhaps not. */
function doubtArrival({ clients, outcome }: Arrival): Arrival {
  const inDoubt = clients.map((portion): Portion => {
    const { unlessBy = outcome.rule } = portion;
    const isCertain = portion.isByDoubt !== true && unlessBy !== undefined;
    return { ...portion, isDoubtful: true, ...(isCertain && { unlessBy }) };
  });
  return { clients: inDoubt, outcome };
}

function passTable(
  { policy }: ParsedEarlier,
  { arrivals, atEnd }: ReturnType<typeof walkTable>,
  before: ClientsAtNat,
): ClientsAtNat {
  const passed = arrivals.flatMap(({ clients, outcome }) => (outcome.kind === "passed" ? clients : []));
  const gone = [...before.arrivals, ...arrivals.filter(({ outcome }) => outcome.kind !== "passed")];
  if (policy === undefined || atEnd.length === 0) {
    return { clients: mergeFlows([...passed, ...atEnd]), arrivals: gone };
  }
  const dropped: Arrival = { clients: atEnd, outcome: { kind: "dropped", rule: policy } };
  return { clients: mergeFlows(passed), arrivals: [...gone, dropped] };
}

/** Matches that ask a list for the client. */
const LISTS: ReadonlySet<string> = new Set(["mac", "recent", "set"]);

/** Where a firewall lets only a list of clients through, these few are all clients that there are. */
function hasListOfClients(tables: readonly ParsedEarlier[], packet: ClientPacket): boolean {
  const rules = tables.flatMap(({ table }) => [...table.chains.values()].flatMap((chain) => chain.rules));
  return rules.some((rule) => {
    const isAsking = rule.matches.some(({ module }) => LISTS.has(module));
    return isAsking && selectClients(rule, packet, FIRST_TIME).sources.length > 0;
  });
}
