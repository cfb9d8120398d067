import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { parseMaskedNetwork } from "../../src/network/masked-network.ts";
import {
  type AddressRanges,
  intersect,
  rangesOf,
  sizeOf,
  subtract,
  unite,
  uniteAll,
} from "../../src/ports/address-ranges.ts";

/** Addresses 0 to 15, as the set that a bit mask stands for. */
const small = fc.integer({ min: 0, max: 0xffff });
const rangesOfBits = (bits: number) =>
  Array.from({ length: 16 }, (_, at) => at)
    .filter((at) => bits & (1 << at))
    .reduce<AddressRanges>((ranges, at) => unite(ranges, [[BigInt(at), BigInt(at)]]), []);

describe("sets of addresses are those of the bits", () => {
  it.each([
    { what: "common ones", act: intersect, bits: (a: number, b: number) => a & b },
    { what: "those of the first alone", act: subtract, bits: (a: number, b: number) => a & ~b },
    { what: "those of both", act: unite, bits: (a: number, b: number) => a | b },
  ])("$what", ({ act, bits }) => {
    fc.assert(
      fc.property(small, small, (a, b) => {
        expect(act(rangesOfBits(a), rangesOfBits(b))).toEqual(rangesOfBits(bits(a, b)));
      }),
    );
  });

  it("whether there are two sets or more", () => {
    fc.assert(
      fc.property(fc.array(small, { maxLength: 5 }), (sets) => {
        expect(uniteAll(sets.map(rangesOfBits))).toEqual(
          rangesOfBits(sets.reduce((all, bits) => all | bits, 0)),
        );
      }),
    );
  });

  it("and as many", () => {
    fc.assert(
      fc.property(small, (bits) => {
        expect(sizeOf(rangesOfBits(bits))).toBe(BigInt(bits.toString(2).replaceAll("0", "").length));
      }),
    );
  });
});

it.each([
  { network: "10.0.0.0/8", first: 0x0a00_0000n, last: 0x0aff_ffffn },
  { network: "192.0.2.1", first: 0xc000_0201n, last: 0xc000_0201n },
  { network: "0.0.0.0/0", first: 0n, last: 0xffff_ffffn },
])("$network is one range", ({ network, first, last }) => {
  expect(rangesOf(parseMaskedNetwork(network)!)).toEqual([[first, last]]);
});

it("a mask with holes is no range", () => {
  expect(rangesOf(parseMaskedNetwork("192.0.10.1/255.0.255.255")!)).toBeUndefined();
});
