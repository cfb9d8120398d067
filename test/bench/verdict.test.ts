import { describe, expect, it } from "vitest";
import type { Contender, Target } from "./figure.ts";
import { judge } from "./verdict.ts";

/** Judged are results alone. */
const open = () => Promise.reject(new Error("nothing is measured here"));

function verdictOf(agent: number, baseline: number | undefined, target: Target) {
  const contenders: Contender[] = [
    { name: "agent", open, target },
    { name: "baseline", open },
  ];
  const values = [agent, baseline].map((value) => (value === undefined ? [] : [{ value }]));
  const results = contenders.map((contender, index) => ({ contender, measurements: values[index]! }));
  const figure = { name: "f", title: "F", unit: "ms", how: "", contenders };
  return judge({ figure, results, durationMs: 0, error: undefined })[0];
}

describe("a target", () => {
  it.each([
    { why: "both are kept", agent: 20, baseline: 600, target: { atMost: 30, ratio: 0.1 }, isReached: true },
    {
      why: "the ratio is missed",
      agent: 20,
      baseline: 100,
      target: { atMost: 30, ratio: 0.1 },
      isReached: false,
    },
    {
      why: "the bound is missed",
      agent: 31,
      baseline: 600,
      target: { atMost: 30, ratio: 0.1 },
      isReached: false,
    },
    { why: "the bound is met", agent: 0, baseline: 5, target: { atMost: 0 }, isReached: true },
    {
      why: "there is no baseline to compare with",
      agent: 1,
      baseline: undefined,
      target: { ratio: 1 },
      isReached: false,
    },
  ])("is judged where $why", ({ agent, baseline, target, isReached }) => {
    expect(verdictOf(agent, baseline, target)?.isReached).toBe(isReached);
  });

  it("is missed where a note is higher in any round", () => {
    const target = { atMost: 10, notes: { reloads: 0 } };
    const contender = { name: "agent", open, target };
    const figure = { name: "f", title: "F", unit: "ms", how: "", contenders: [contender] };
    const measurements = [
      { value: 1, notes: { reloads: 0 } },
      { value: 1, notes: { reloads: 1 } },
    ];
    const results = [{ contender, measurements }];

    expect(judge({ figure, results, durationMs: 0, error: undefined })[0]?.isReached).toBe(false);
  });

  it("has the ratio of the medians", () => {
    expect(verdictOf(20, 600, {})?.ratio).toBeCloseTo(1 / 30);
  });
});
