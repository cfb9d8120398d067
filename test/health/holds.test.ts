/** Which of several reasons people are told. */
import { expect, it } from "vitest";
import { foremostReason, type HoldCause } from "../../src/health/holds.ts";

it.each<{ holds: readonly [HoldCause, string][]; told: string | undefined }>([
  { holds: [], told: undefined },
  { holds: [["listening", "another owner is heard"]], told: "another owner is heard" },
  {
    holds: [
      ["listening", "another owner is heard"],
      ["plan", "the VRID changes"],
    ],
    told: "the VRID changes",
  },
  {
    holds: [
      ["source", "the source is gone"],
      ["plan", "the VRID changes"],
    ],
    told: "the source is gone",
  },
])("tells $told", ({ holds, told }) => {
  expect(foremostReason(new Map(holds))).toBe(told);
});
