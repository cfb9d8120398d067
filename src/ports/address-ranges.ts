/**
 * Sets of client addresses as sorted ranges, so that rules for some clients can be followed exactly.
 *
 * A table may have thousands of rules for one address each. So an operation costs little where one of its sets is small: the
 * ranges concerned are searched for, and all others are copied as they are.
 */
import type { Family } from "../network/address.ts";
import { lastOf, type MaskedNetwork } from "../network/masked-network.ts";

export type AddressRange = readonly [first: bigint, last: bigint];

/** The ranges are sorted and do not touch each other. */
export type AddressRanges = readonly AddressRange[];

export const NO_ADDRESSES: AddressRanges = [];

const ALL_ADDRESSES: Readonly<Record<Family, AddressRanges>> = {
  ipv4: [[0n, lastOf("ipv4")]],
  ipv6: [[0n, lastOf("ipv6")]],
};

export function allAddressesOf(family: Family): AddressRanges {
  return ALL_ADDRESSES[family];
}

/** Undefined for a mask with holes, whose addresses are no range. */
export function rangesOf({ family, base, mask }: MaskedNetwork): AddressRanges | undefined {
  const hosts = lastOf(family) ^ mask;
  return (hosts & (hosts + 1n)) === 0n ? [[base, base | hosts]] : undefined;
}

/** `a` itself where all of its addresses are in `b`. */
export function intersect(a: AddressRanges, b: AddressRanges): AddressRanges {
  if (b.length === 1 && covers(b[0] as AddressRange, a)) return a;
  if (a.length === 1 && covers(a[0] as AddressRange, b)) return b;
  const [few, many] = a.length <= b.length ? [a, b] : [b, a];
  const common: AddressRange[] = [];
  for (const [first, last] of few) {
    const touched = many.slice(indexOfEnd(many, first), indexOfStart(many, last));
    common.push(...touched.map((other) => overlapOf([first, last], other)));
  }
  const isWhole = common.length === a.length && common.every((range, at) => isSame(range, a[at]));
  return isWhole ? a : common;
}

/** The addresses of `a` that are not in `b`. */
export function subtract(a: AddressRanges, b: AddressRanges): AddressRanges {
  if (b.length < a.length) return b.reduce(cutOut, a);
  return a.flatMap((range) => {
    const touched = b.slice(indexOfEnd(b, range[0]), indexOfStart(b, range[1]));
    return touched.reduce<AddressRanges>(cutOut, [range]);
  });
}

export function unite(a: AddressRanges, b: AddressRanges): AddressRanges {
  const [few, many] = a.length <= b.length ? [a, b] : [b, a];
  return few.length === 1 ? few.reduce(putIn, many) : uniteAll([a, b]);
}

export function uniteAll(sets: readonly AddressRanges[]): AddressRanges {
  if (sets.length === 1) return sets[0] ?? NO_ADDRESSES;
  const sorted = sets.flat().toSorted((x, y) => (x[0] < y[0] ? -1 : 1));
  const united: [bigint, bigint][] = [];
  for (const [first, last] of sorted) {
    const open = united.at(-1);
    if (open === undefined || first > open[1] + 1n) united.push([first, last]);
    else if (last > open[1]) open[1] = last;
  }
  return united;
}

const KEYS = new WeakMap<AddressRanges, string>();

/** A text that only the same addresses have. */
export function clientsKey(ranges: AddressRanges): string {
  const key = KEYS.get(ranges) ?? ranges.join();
  KEYS.set(ranges, key);
  return key;
}

export function sizeOf(ranges: AddressRanges): bigint {
  return ranges.reduce((sum, [first, last]) => sum + last - first + 1n, 0n);
}

function cutOut(ranges: AddressRanges, [first, last]: AddressRange): AddressRanges {
  const from = indexOfEnd(ranges, first);
  const to = indexOfStart(ranges, last);
  if (from >= to) return ranges;
  const [head, tail] = [(ranges[from] as AddressRange)[0], (ranges[to - 1] as AddressRange)[1]];
  const before: AddressRange[] = head < first ? [[head, first - 1n]] : [];
  const after: AddressRange[] = last < tail ? [[last + 1n, tail]] : [];
  return ranges.toSpliced(from, to - from, ...before, ...after);
}

function putIn(ranges: AddressRanges, [first, last]: AddressRange): AddressRanges {
  const from = indexOfEnd(ranges, first - 1n);
  const to = indexOfStart(ranges, last + 1n);
  const head = ranges[from]?.[0] ?? first;
  const tail = ranges[to - 1]?.[1] ?? last;
  const whole: AddressRange =
    from >= to ? [first, last] : [head < first ? head : first, tail > last ? tail : last];
  return ranges.toSpliced(from, Math.max(0, to - from), whole);
}

/** Index of the first range that ends at `address` or behind it. */
function indexOfEnd(ranges: AddressRanges, address: bigint): number {
  return search(ranges, ([, last]) => last >= address);
}

/** Index of the first range that begins behind `address`. */
function indexOfStart(ranges: AddressRanges, address: bigint): number {
  return search(ranges, ([first]) => first > address);
}

/** Index of the first range for which it holds: it holds for all ranges behind that one, too. */
function search(ranges: AddressRanges, holds: (range: AddressRange) => boolean): number {
  let [low, high] = [0, ranges.length];
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (holds(ranges[middle] as AddressRange)) high = middle;
    else low = middle + 1;
  }
  return low;
}

function covers([first, last]: AddressRange, ranges: AddressRanges): boolean {
  return first <= (ranges[0]?.[0] ?? first) && (ranges.at(-1)?.[1] ?? last) <= last;
}

/** Of two ranges that have addresses in common. */
function overlapOf([first, last]: AddressRange, [otherFirst, otherLast]: AddressRange): AddressRange {
  return [otherFirst > first ? otherFirst : first, otherLast < last ? otherLast : last];
}

function isSame(a: AddressRange, b: AddressRange | undefined): boolean {
  return b !== undefined && a[0] === b[0] && a[1] === b[1];
}
