import { expect, it } from "vitest";
import { beyondStalls, mayMoveByItself } from "./stall.ts";

it.each([
  { what: "nothing where it did not stall", ms: 700, longestPauseMs: 0, left: 700 },
  { what: "nothing for stalls that move no VIP", ms: 100, longestPauseMs: 200, left: 100 },
  { what: "three stalls in a row", ms: 1_700, longestPauseMs: 300, left: 800 },
  { what: "no more than all", ms: 700, longestPauseMs: 1_000, left: 0 },
])("takes $what off a measured time", ({ ms, longestPauseMs, left }) => {
  expect(beyondStalls(ms, { longestPauseMs })).toBe(left);
});

it("tells a machine that moves VIPs by itself from one that does not", () => {
  expect([20, 900].map((longestPauseMs) => mayMoveByItself({ longestPauseMs }))).toEqual([false, true]);
});
