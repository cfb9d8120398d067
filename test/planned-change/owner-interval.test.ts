import { expect, it } from "vitest";
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
  const intervals = createOwnerIntervals();
  intervals.setInForce([INSTANCE], OWN);
  intervals.noteAdvert("eth0", { ...ADVERT, ...terms });

  expect(intervals.atOwnerInterval(INSTANCE)).toEqual({ ...INSTANCE, advertIntervalSeconds: seconds });
});

it("forgets the interval with the group", () => {
  const intervals = createOwnerIntervals();
  intervals.setInForce([INSTANCE], OWN);
  intervals.noteAdvert("eth0", { ...ADVERT, intervalSeconds: 3 });
  intervals.setInForce([], OWN);

  expect(intervals.atOwnerInterval(INSTANCE)).toEqual(INSTANCE);
});
