import { describe, expect, it } from "vitest";
import { placesOf } from "../../src/owner-probe/places.ts";
import { INSTANCE } from "../fixtures/desired.ts";

const [A, B] = ["198.51.100.12", "198.51.100.13"] as const;
const member = (address: string, priority: number) => ({ addresses: [address], priority });
const NOTHING_HEARD = { ownAddress: undefined, heard: undefined };
const places = (...members: readonly ReturnType<typeof member>[]) =>
  [...placesOf(INSTANCE, members, NOTHING_HEARD)].map(([, place]) => place);

it.each([
  { why: "both others are behind this host", members: [member(A, 239), member(B, 200)], expected: [0, 0] },
  {
    why: "one is before it, unless that is the owner",
    members: [member(A, 254), member(B, 200)],
    expected: [0, 1],
  },
  {
    why: "with equal priorities the higher address is first",
    members: [member(A, 240), member(B, 240)],
    expected: [1, 1],
  },
  { why: "a peer of which metadata knows nothing is first", members: [member(A, 200)], expected: [1, 0] },
])("$why", ({ members, expected }) => {
  expect(places(...members)).toEqual(expected);
});

it("counts a member once that has changed its address", () => {
  expect([...placesOf(INSTANCE, [{ addresses: [A, B], priority: 254 }], NOTHING_HEARD).values()]).toEqual([
    0, 0,
  ]);
});

it("counts a lower address of equal priority behind this host", () => {
  const unicast = { source: "198.51.100.20", peers: [A, "198.51.100.3"], isAlone: false };
  const members = [member(A, 240), member("198.51.100.3", 240)];
  expect([...placesOf({ ...INSTANCE, unicast }, members, NOTHING_HEARD).values()]).toEqual([0, 0]);
});

it.each([
  { why: "with multicast, where nobody is listed or heard", unicast: undefined },
  {
    why: "in a very large group",
    unicast: {
      source: "198.51.100.11",
      peers: Array.from({ length: 101 }, (_, index) => `198.51.100.${100 + index}`),
      isAlone: false,
    },
  },
  { why: "alone", unicast: { source: A, peers: [A], isAlone: true } },
])("nobody is asked $why", ({ unicast }) => {
  expect(placesOf({ ...INSTANCE, unicast }, [], NOTHING_HEARD).size).toBe(0);
});

describe("with multicast", () => {
  const MULTICAST = { ...INSTANCE, unicast: undefined };
  const ownAddress = "198.51.100.11";
  const heardAs = (address: string, priority: number) => ({ ownAddress, heard: { address, priority } });
  const ofMulticast = (...of: Parameters<typeof placesOf>) => Object.fromEntries(placesOf(...of));

  it("the members and the owner that is heard may be asked", () => {
    const members = [member(A, 254), member(B, 200)];

    expect(ofMulticast(MULTICAST, members, heardAs(A, 254))).toEqual({ [A]: 0, [B]: 1 });
    expect(ofMulticast(MULTICAST, [], heardAs(A, 254))).toEqual({ [A]: 0 });
  });

  it("an owner whose address nobody lists is the member with its priority", () => {
    const change = { firstVip: { address: "2001:db8::50", prefix: 128 } };
    const members = [member(A, 254), member(B, 250)];

    expect(ofMulticast({ ...MULTICAST, ...change }, members, heardAs("fe80::12", 254))).toEqual({
      "fe80::12": 1,
    });
    expect(ofMulticast({ ...MULTICAST, ...change }, members, heardAs("fe80::12", 100))).toEqual({
      "fe80::12": 2,
    });
  });

  it("of equal priorities the higher listed address is first", () => {
    const members = [member(A, 240), member("198.51.100.3", 240)];
    expect(ofMulticast(MULTICAST, members, heardAs(B, 100))[B]).toBe(1);
    expect(ofMulticast(MULTICAST, members, { ...heardAs(B, 100), ownAddress: undefined })[B]).toBe(2);
  });

  it("nobody is asked in a very large group", () => {
    const members = Array.from({ length: 101 }, (_, index) => member(`198.51.100.${100 + index}`, 200));
    expect(ofMulticast(MULTICAST, members, heardAs(A, 254))).toEqual({});
  });
});
