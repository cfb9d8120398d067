/** Sets of client addresses as sorted ranges, so that rules for some clients can be followed exactly. */
import type { Family } from "../network/address.ts";
import { lastOf, type MaskedNetwork } from "../network/masked-network.ts";

/** First and last address of each range. The ranges are sorted and do not touch each other. */
export type AddressRanges = readonly (readonly [first: bigint, last: bigint])[];

export const NO_ADDRESSES: AddressRanges = [];

export function allAddressesOf(family: Family): AddressRanges {
  return [[0n, lastOf(family)]];
}

/** Undefined for a mask with holes, whose addresses are no range. */
export function rangesOf({ family, base, mask }: MaskedNetwork): AddressRanges | undefined {
  const hosts = lastOf(family) ^ mask;
  return (hosts & (hosts + 1n)) === 0n ? [[base, base | hosts]] : undefined;
}

export function intersect(a: AddressRanges, b: AddressRanges): AddressRanges {
  return subtract(a, subtract(a, b));
}

/** The addresses of `a` that are not in `b`. */
export function subtract(a: AddressRanges, b: AddressRanges): AddressRanges {
  return b.reduce<AddressRanges>(
    (rest, [first, last]) =>
      rest.flatMap((range): AddressRanges => {
        if (range[1] < first || last < range[0]) return [range];
        const before: AddressRanges = range[0] < first ? [[range[0], first - 1n]] : [];
        const after: AddressRanges = last < range[1] ? [[last + 1n, range[1]]] : [];
        return [...before, ...after];
      }),
    a,
  );
}

export function unite(a: AddressRanges, b: AddressRanges): AddressRanges {
  const sorted = [...a, ...b].toSorted((x, y) => (x[0] < y[0] ? -1 : 1));
  const united: [bigint, bigint][] = [];
  for (const [first, last] of sorted) {
    const open = united.at(-1);
    if (open === undefined || first > open[1] + 1n) united.push([first, last]);
    else if (last > open[1]) open[1] = last;
  }
  return united;
}

export function sizeOf(ranges: AddressRanges): bigint {
  return ranges.reduce((sum, [first, last]) => sum + last - first + 1n, 0n);
}
