import { describe, expect, it } from "vitest";
import { createOwnerIntervals } from "../../src/planned-change/owner-interval.ts";
import type { Advert } from "../../src/vrrp/advert.ts";
import { INSTANCE } from "../fixtures/desired.ts";
import { ADVERT } from "../fixtures/rival.ts";

const OWN = new Set(["198.51.100.11"]);

it.each<[string, Partial<Advert>, number]>([
  ["longer", { intervalSeconds: 3 }, 3],
  ["shorter", { intervalSeconds: 0.05 }, INSTANCE.advertIntervalSeconds],
  [
    "longer, but its adverts come from beyond a router",
    { intervalSeconds: 3, ttl: 64 },
    INSTANCE.advertIntervalSeconds,
  ],
  [
    "longer, but it is no peer",
    { intervalSeconds: 3, source: "198.51.100.99" },
    INSTANCE.advertIntervalSeconds,
  ],
])("knows how long the owner of a group may be silent, where its interval is %s", (_, terms, seconds) => {
  const intervals = createOwnerIntervals(() => false);
  intervals.setInForce([INSTANCE], OWN);
  intervals.noteAdvert("eth0", { ...ADVERT, ...terms }, 0);

  expect(intervals.atOwnerInterval(INSTANCE, 100)).toEqual({ ...INSTANCE, advertIntervalSeconds: seconds });
});

it("forgets the interval with the group", () => {
  const intervals = createOwnerIntervals(() => false);
  intervals.setInForce([INSTANCE], OWN);
  intervals.noteAdvert("eth0", { ...ADVERT, intervalSeconds: 3 }, 0);
  intervals.setInForce([], OWN);

  expect(intervals.atOwnerInterval(INSTANCE, 100)).toEqual(INSTANCE);
});

it("forgets the interval of an owner that is silent for four of its intervals", () => {
  const intervals = createOwnerIntervals(() => false);
  intervals.setInForce([INSTANCE], OWN);
  intervals.noteAdvert("eth0", { ...ADVERT, intervalSeconds: 3 }, 1_000);

  expect(intervals.atOwnerInterval(INSTANCE, 13_049).advertIntervalSeconds).toBe(3);
  expect(intervals.atOwnerInterval(INSTANCE, 13_050)).toEqual(INSTANCE);
});

describe("as owner", () => {
  const owner = () => {
    const host = { isOwner: false };
    const intervals = createOwnerIntervals(() => host.isOwner);
    intervals.setInForce([INSTANCE], OWN);
    return { host, intervals };
  };
  const LONG = { ...ADVERT, intervalSeconds: 40.95 };

  it("forgets the interval of the owner before it", () => {
    const { host, intervals } = owner();
    intervals.noteAdvert("eth0", LONG, 0);
    host.isOwner = true;
    expect(intervals.atOwnerInterval(INSTANCE, 100)).toEqual(INSTANCE);

    intervals.setInForce([INSTANCE], OWN);
    host.isOwner = false;
    expect(intervals.atOwnerInterval(INSTANCE, 100)).toEqual(INSTANCE);
  });

  it.each<[string, number, number]>([
    [
      "learns none of a host that it does not give way to",
      INSTANCE.priority - 1,
      INSTANCE.advertIntervalSeconds,
    ],
    ["learns that of a host that it gives way to", INSTANCE.priority + 1, 40.95],
  ])("%s", (_, priority, seconds) => {
    const { host, intervals } = owner();
    host.isOwner = true;
    intervals.noteAdvert("eth0", { ...LONG, priority }, 0);
    host.isOwner = false;

    expect(intervals.atOwnerInterval(INSTANCE, 100).advertIntervalSeconds).toBe(seconds);
  });
});
