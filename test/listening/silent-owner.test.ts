import { expect, it } from "vitest";
import { isLongInterval, judgeOwner, silenceMs } from "../../src/listening/silent-owner.ts";
import { INSTANCE } from "../fixtures/desired.ts";

const SLOW = { ...INSTANCE, advertIntervalSeconds: 2 };

it("waits for 3 s, or for three of the group's own intervals", () => {
  expect([INSTANCE, SLOW].map(silenceMs)).toEqual([3_000, 6_000]);
});

it.each([
  [INSTANCE, 1, false],
  [INSTANCE, 1.01, true],
  [SLOW, 2, false],
  [SLOW, 40.95, true],
  [{ ...INSTANCE, vrrpVersion: 2, advertIntervalSeconds: 1 } as const, 40, false],
])("knows an interval for which keepalived alone waits: case %#", (instance, seconds, isLong) => {
  expect(isLongInterval(instance, seconds)).toBe(isLong);
});

it.each([
  ["waiting", { heardMs: 1_000, answeredMs: 0 }, 0, 3_999],
  ["silent", { heardMs: 1_000, answeredMs: 0 }, 0, 4_000],
  ["waiting", { heardMs: 1_000, answeredMs: 0 }, 2_000, 4_999],
  ["waiting", { heardMs: 1_000, answeredMs: 0 }, undefined, 60_000],
  ["present", { heardMs: 1_000, answeredMs: 3_000 }, 0, 4_000],
  ["silent", { heardMs: 1_000, answeredMs: 2_000 }, 0, 4_000],
] as const)("judges an owner to be %s: case %#", (verdict, watch, sinceMs, nowMs) => {
  expect(judgeOwner(INSTANCE, watch, sinceMs, nowMs)).toBe(verdict);
});
