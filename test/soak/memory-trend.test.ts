import { describe, expect, it } from "vitest";
import { memoryComplaints, memoryTrends } from "./memory-trend.ts";

/** A sample each 5 s of a life of so many minutes. */
function samples(minutes: number, megabytesAt: (minute: number) => number) {
  return Array.from({ length: minutes * 12 + 1 }, (_, index) => ({
    life: "h1/100",
    atMs: 1_000_000 + index * 5_000,
    megabytes: megabytesAt(index / 12),
  }));
}

describe("the memory of agents", () => {
  it.each([
    { why: "flat", minutes: 10, megabytesAt: () => 50, want: 0 },
    { why: "up and down", minutes: 10, megabytesAt: (minute: number) => 50 + (minute % 2) * 10, want: 0 },
    {
      why: "grows in the first minute",
      minutes: 10,
      megabytesAt: (minute: number) => Math.min(50, 20 + minute * 30),
      want: 0,
    },
    { why: "grows all the time", minutes: 10, megabytesAt: (minute: number) => 50 + minute * 2, want: 1 },
    {
      why: "one large answer late in the life",
      minutes: 10,
      megabytesAt: (minute: number) => (minute < 9 ? 26 : 40),
      want: 0,
    },
    {
      why: "grows between collections and after each",
      minutes: 30,
      megabytesAt: (minute: number) => 40 + minute * 1.5 + (minute % 2) * 4,
      want: 1,
    },
    { why: "is too much", minutes: 10, megabytesAt: () => 200, want: 1 },
    {
      why: "grows in a life too short to tell",
      minutes: 8,
      megabytesAt: (minute: number) => 50 + minute * 2,
      want: 0,
    },
  ])("$why: $want complaints", ({ minutes, megabytesAt, want }) => {
    expect(memoryComplaints(memoryTrends(samples(minutes, megabytesAt)))).toHaveLength(want);
  });

  it("are told a life each, without its first minute", () => {
    const [trend, ...others] = memoryTrends(samples(10, (minute) => minute));

    expect(others).toEqual([]);
    expect(trend).toMatchObject({ life: "h1/100", minutes: 10, firstMegabytes: 1, lastMegabytes: 10 });
    expect(trend?.megabytesAMinute).toBeCloseTo(1);
  });
});
