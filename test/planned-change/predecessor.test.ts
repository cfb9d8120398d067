import { expect, it } from "vitest";
import {
  atListedAddress,
  findPredecessors,
  postponeConflicts,
} from "../../src/planned-change/predecessor.ts";
import type { Instance } from "../../src/vrrp/instance.ts";
import { INSTANCE } from "../fixtures/desired.ts";

const OTHER: Instance = {
  ...INSTANCE,
  name: "other",
  virtualRouterId: 60,
  firstVip: { address: "198.51.100.60", prefix: 32 },
};
const DESIRED = { routerId: "node-1.example", instances: [INSTANCE, OTHER] };

it.each<[string, readonly Instance[], Instance | undefined]>([
  [
    "the instance of its name",
    [OTHER, { ...INSTANCE, virtualRouterId: 9 }],
    { ...INSTANCE, virtualRouterId: 9 },
  ],
  [
    "the instance with its VIP under a former name",
    [{ ...INSTANCE, name: "old" }],
    { ...INSTANCE, name: "old" },
  ],
  [
    "nothing if the instance with its VIP is another wanted group",
    [{ ...INSTANCE, name: "other" }],
    undefined,
  ],
  ["nothing if it is new", [OTHER], undefined],
])("a group comes from %s", (_, inForce, predecessor) => {
  expect(findPredecessors(DESIRED, inForce)(INSTANCE)).toEqual(predecessor);
});

it("a group that starts elsewhere comes from the address that is listed for this host", () => {
  expect(atListedAddress(INSTANCE, "198.51.100.99")?.unicast?.source).toBe("198.51.100.99");
  expect(atListedAddress(INSTANCE, undefined)).toBeUndefined();
  expect(atListedAddress({ ...INSTANCE, unicast: undefined }, "198.51.100.99")).toBeUndefined();
});

it("a group waits for another one that still has its VRID: as it was, or left out if it is new", () => {
  const wanted = { ...OTHER, virtualRouterId: INSTANCE.virtualRouterId };
  const moved = { ...INSTANCE, virtualRouterId: 51 };
  const staying = { to: moved, before: INSTANCE, instance: INSTANCE };

  expect(postponeConflicts([staying, { to: wanted, before: OTHER, instance: wanted }])).toEqual([
    INSTANCE,
    OTHER,
  ]);
  expect(postponeConflicts([staying, { to: wanted, before: undefined, instance: wanted }])).toEqual([
    INSTANCE,
  ]);
  expect(
    postponeConflicts([
      { ...staying, instance: moved },
      { to: wanted, before: OTHER, instance: wanted },
    ]),
  ).toEqual([moved, wanted]);
});
