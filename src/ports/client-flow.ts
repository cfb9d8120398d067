/** The clients that are at one place of their way through a table, how a rule divides them, and their names for people. */
import type { Rule } from "../iptables/rule.ts";
import type { Family } from "../network/address.ts";
import { addressText, lastOf } from "../network/masked-network.ts";
import {
  type AddressRanges,
  clientsKey,
  intersect,
  sizeOf,
  subtract,
  unite,
  uniteAll,
} from "./address-ranges.ts";
import type { Selection } from "./condition.ts";
import { areSameMarks, type Marks, marksKey } from "./marks.ts";

/** Clients of these addresses. */
export interface Portion {
  readonly sources: AddressRanges;
  /** A few of them only, by a list whose entries are not known. */
  readonly isFew: boolean;
  /** They may be here or elsewhere, because they passed a condition that cannot be decided. */
  readonly isDoubtful: boolean;
  /** They are here only if an undecided condition holds for them. */
  readonly isByDoubt?: true;
  /** Without this undecided rule they are certainly here. */
  readonly unlessBy?: Rule;
  /** The rule by which they are here if it selects them. Nobody can read its condition. */
  readonly unreadBy?: Rule;
  /** As rules of this table set them. */
  readonly marks: Marks;
}

export type Flow = readonly Portion[];

export interface Division {
  readonly taken: Flow;
  readonly left: Flow;
}

const NOBODY_TAKEN: Flow = [];

/**
 * `left` is the flow itself where the rule takes nobody, as most rules do.
 *
 * @param select whom the rule selects among clients with these marks.
 */
export function divide(flow: Flow, rule: Rule, select: (marks: Marks) => Selection): Division {
  const taken: Portion[] = [];
  const left: Portion[] = [];
  let isMerged = true;
  for (const portion of flow) {
    const parts = dividePortion(portion, rule, select(portion.marks));
    taken.push(...parts.taken);
    left.push(...parts.left);
    isMerged &&= parts.left.every((other) => isAlike(other, portion));
  }
  if (taken.length === 0) return { taken: NOBODY_TAKEN, left: flow };
  return { taken, left: isMerged ? left : mergeFlows(left) };
}

/** Whether the two differ by their addresses alone. */
function isAlike(a: Portion, b: Portion): boolean {
  if (a.isFew !== b.isFew || a.isDoubtful !== b.isDoubtful || a.isByDoubt !== b.isByDoubt) return false;
  return a.unlessBy === b.unlessBy && a.unreadBy === b.unreadBy && areSameMarks(a.marks, b.marks);
}

function dividePortion(portion: Portion, rule: Rule, selection: Selection): Division {
  const { sources, part, isDoubtful } = selection;
  if (sources.length === 0) return { taken: NOBODY_TAKEN, left: [portion] };
  const selected = intersect(portion.sources, sources);
  if (selected.length === 0) return { taken: [], left: [portion] };
  const rest = subtract(portion.sources, sources);
  const others: Flow = rest.length === 0 ? [] : [{ ...portion, sources: rest }];
  const inside = { ...portion, sources: selected };
  const taken = {
    ...inside,
    isFew: portion.isFew || part === "few",
    isDoubtful: portion.isDoubtful || isDoubtful,
    ...(selection.isUnread && { unreadBy: portion.unreadBy ?? rule }),
  };
  if (isDoubtful) {
    return { taken: [byDoubt(taken)], left: [...others, leaveInDoubt(inside, rule, selection)] };
  }
  if (part === "few") return { taken: [taken], left: [...others, inside] };
  if (part === "most") return { taken: [taken], left: [...others, { ...inside, isFew: true }] };
  return { taken: [taken], left: others };
}

function byDoubt({ unlessBy: _, ...portion }: Portion): Portion {
  return { ...portion, isDoubtful: true, isByDoubt: true };
}

/** A rate limit leaves hardly anybody. */
function leaveInDoubt(portion: Portion, rule: Rule, { isRate }: Selection): Portion {
  if (isRate === true || portion.isByDoubt === true) return byDoubt(portion);
  return { ...portion, isDoubtful: true, unlessBy: portion.unlessBy ?? rule };
}

/** The clients left by a rule that takes nobody further. */
export function forgetRule(left: Flow, rule: Rule): Flow {
  return left.map(({ unlessBy, ...portion }) =>
    unlessBy === undefined || unlessBy === rule ? portion : { ...portion, unlessBy },
  );
}

/** One flow of the clients of several. A few clients are not counted beside all others of their addresses. */
export function mergeFlows(flow: Flow): Flow {
  if (flow.length <= 1) return flow.every(({ isFew, sources }) => !isFew || sources.length > 0) ? flow : [];
  const merged = new Map<string, Portion>();
  for (const portion of flow) {
    const key = kindOf(portion);
    const known = merged.get(key);
    merged.set(key, known ? { ...known, sources: unite(known.sources, portion.sources) } : portion);
  }
  const whole = [...merged.values()];
  return whole.flatMap((portion) => {
    if (!portion.isFew) return [portion];
    const among = whole.filter((other) => !other.isFew && areSameMarks(other.marks, portion.marks));
    const sources = among.reduce((rest, other) => subtract(rest, other.sources), portion.sources);
    return sizeOf(sources) === 0n ? [] : [{ ...portion, sources }];
  });
}

/** Of two merged flows: whether the same clients are in both. */
export function isSameFlow(a: Flow, b: Flow): boolean {
  const keyOf = (flow: Flow) =>
    flow
      .map((one) => `${kindOf(one)}:${clientsKey(one.sources)}`)
      .toSorted()
      .join();
  return keyOf(a) === keyOf(b);
}

function kindOf({ isFew, isDoubtful, isByDoubt, unlessBy, unreadBy, marks }: Portion): string {
  const doubt = `${isDoubtful} ${isByDoubt} ${unlessBy !== undefined} ${unreadBy !== undefined}`;
  return `${isFew} ${doubt} ${marksKey(marks)}`;
}

export function remark(flow: Flow, change: (marks: Marks) => Marks): Flow {
  return flow.map((portion) => ({ ...portion, marks: change(portion.marks) }));
}

/** More networks than these are counted. */
const NAMED_NETWORKS = 3;

/** Such as `clients of 198.51.100.0/24`, `a few clients`, `some clients`. Undefined where they are all clients. */
export function nameClients(clients: Flow, family: Family): string | undefined {
  const everybody = lastOf(family) + 1n;
  const counted = clients.filter(({ isFew }) => !isFew);
  if (counted.length === 0) return "a few clients";
  const sources = uniteAll(counted.map((portion) => portion.sources));
  const isSome = counted.every(({ isDoubtful }) => isDoubtful);
  if (sizeOf(sources) === everybody) return isSome ? "some clients" : undefined;
  return `${isSome ? "some " : ""}clients of ${networksText(sources, family)}`;
}

function networksText(sources: AddressRanges, family: Family): string {
  const networks = sources.flatMap((range) => networksOf(range, family));
  if (networks.length <= NAMED_NETWORKS) return networks.join(", ");
  const others = networks.length - NAMED_NETWORKS;
  return `${networks.slice(0, NAMED_NETWORKS).join(", ")} and ${others} more networks`;
}

/** The fewest networks that make up the range. */
function networksOf([first, last]: AddressRanges[number], family: Family): string[] {
  const networks: string[] = [];
  const bits = family === "ipv4" ? 32 : 128;
  for (let base = first; base <= last; ) {
    let hostBits = 0;
    while (hostBits < bits) {
      const size = 1n << BigInt(hostBits + 1);
      if (base % size !== 0n || base + size - 1n > last) break;
      hostBits += 1;
    }
    networks.push(networkText(base, bits - hostBits, family));
    base += 1n << BigInt(hostBits);
  }
  return networks;
}

function networkText(base: bigint, prefix: number, family: Family): string {
  const address = addressText({ family, number: base });
  return prefix === (family === "ipv4" ? 32 : 128) ? address : `${address}/${prefix}`;
}
