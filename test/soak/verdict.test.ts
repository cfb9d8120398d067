import { describe, expect, it } from "vitest";
import { FELL_SILENT, HANDED_OVER, UNNOTICED } from "./fault.ts";
import { excesses, together } from "./verdict.ts";

const QUIET = { gapMs: 0, overlapMs: 0, moves: 0, stallMs: 0 };

describe("what a step may cost", () => {
  it.each([
    { why: "nothing happened", effect: QUIET, allowance: UNNOTICED, want: 0 },
    { why: "a gap within the bound", effect: { ...QUIET, gapMs: 1_000 }, allowance: FELL_SILENT, want: 0 },
    { why: "a gap beyond it", effect: { ...QUIET, gapMs: 1_001 }, allowance: FELL_SILENT, want: 1 },
    {
      why: "the machine stalled meanwhile",
      effect: { ...QUIET, gapMs: 1_200, stallMs: 70 },
      allowance: FELL_SILENT,
      want: 0,
    },
    { why: "two owners for too long", effect: { ...QUIET, overlapMs: 101 }, allowance: HANDED_OVER, want: 1 },
    { why: "a move where one may be", effect: { ...QUIET, moves: 2 }, allowance: HANDED_OVER, want: 0 },
    { why: "a move where none may be", effect: { ...QUIET, moves: 1 }, allowance: UNNOTICED, want: 1 },
    {
      why: "a move after a stall in which adverts were missed",
      effect: { ...QUIET, moves: 1, stallMs: 300 },
      allowance: UNNOTICED,
      want: 0,
    },
    {
      why: "all at once",
      effect: { gapMs: 9_000, overlapMs: 9_000, moves: 1, stallMs: 0 },
      allowance: UNNOTICED,
      want: 3,
    },
  ])("$why: $want complaints", ({ effect, allowance, want }) => {
    expect(excesses(effect, allowance)).toHaveLength(want);
  });

  it("is the sum for two faults", () => {
    expect(together([FELL_SILENT, UNNOTICED])).toEqual({ gapMs: 1_150, overlapMs: 300, mayMove: true });
    expect(together([UNNOTICED, UNNOTICED]).mayMove).toBe(false);
  });
});
