import { expect, it } from "vitest";
import { placesOf } from "../../src/owner-probe/places.ts";
import { INSTANCE } from "../fixtures/desired.ts";

const [A, B] = ["198.51.100.12", "198.51.100.13"] as const;
const member = (address: string, priority: number) => ({ addresses: [address], priority });
const places = (...members: readonly ReturnType<typeof member>[]) =>
  [...placesOf(INSTANCE, members)].map(([, place]) => place);

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
  expect([...placesOf(INSTANCE, [{ addresses: [A, B], priority: 254 }]).values()]).toEqual([0, 0]);
});

it("counts a lower address of equal priority behind this host", () => {
  const unicast = { source: "198.51.100.20", peers: [A, "198.51.100.3"], isAlone: false };
  const members = [member(A, 240), member("198.51.100.3", 240)];
  expect([...placesOf({ ...INSTANCE, unicast }, members).values()]).toEqual([0, 0]);
});

it.each([
  { why: "with multicast", unicast: undefined },
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
  expect(placesOf({ ...INSTANCE, unicast }, []).size).toBe(0);
});
