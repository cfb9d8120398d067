import { describe, expect, it } from "vitest";
import { type Arm, armsOf } from "./arm.ts";
import type { Variant } from "./case.ts";
import type { Outcome } from "./outcome.ts";
import { breachesOf } from "./verdict.ts";

const [PLAIN, ASKING] = armsOf([0.2], [0.05]) as [Arm, Arm];

function variant(given: Partial<Variant>): Variant {
  return {
    name: "35 ms",
    allowed: "none-if-short",
    watchMs: 0,
    play: () => Promise.reject(new Error("is not played")),
    ...given,
  };
}

function outcome(takes: number, returns = 0, lastedMs = 35): Outcome {
  return {
    lastedMs,
    takes,
    returns,
    takeoverMs: undefined,
    twoOwnersMs: 0,
    twoOwnersHealedMs: 0,
    vacantMs: 0,
  };
}

function breaches(given: Partial<Variant>, plain: readonly Outcome[], asking: readonly Outcome[]): string[] {
  return breachesOf(variant(given), [
    { arm: PLAIN, outcomes: plain },
    { arm: ASKING, outcomes: asking },
  ]);
}

describe("the rule", () => {
  it.each([
    { what: "a short event moves", given: {}, plain: 0, asking: 1, breaks: 1 },
    {
      what: "a short event moves with the plain arm, too",
      given: {},
      plain: 1,
      asking: 1,
      breaks: 0,
    },
    {
      what: "what does not concern the owner moves",
      given: { allowed: "none" },
      plain: 0,
      asking: 1,
      breaks: 1,
    },
    { what: "one event moves twice", given: { allowed: "one" }, plain: 1, asking: 2, breaks: 1 },
    { what: "the plain arm moves twice, too", given: { allowed: "one" }, plain: 2, asking: 2, breaks: 0 },
    {
      what: "what lasts moves twice",
      given: { allowed: "one", isLong: true },
      plain: 1,
      asking: 2,
      breaks: 0,
    },
  ] as const)("has $breaks breaches where $what", ({ given, plain, asking, breaks }) => {
    expect(breaches(given, [outcome(plain)], [outcome(0), outcome(asking)])).toHaveLength(breaks);
  });

  it("allows a move where the event lasted as long as the window", () => {
    expect(breaches({}, [outcome(0)], [outcome(0), outcome(1, 0, 50)])).toEqual([]);
  });

  it("allows the VIP to come back to its owner", () => {
    expect(breaches({ allowed: "one" }, [outcome(1)], [outcome(1, 1)])).toEqual([]);
  });

  it("names the event and the settings", () => {
    expect(breaches({}, [outcome(0)], [outcome(1), outcome(0)])).toEqual([
      "35 ms, 0.2 s, asking 0.05 s: moved in 1 of 2 events, plain in none",
    ]);
  });

  it("has nothing to say of an arm that does not ask", () => {
    expect(breachesOf(variant({ allowed: "none" }), [{ arm: PLAIN, outcomes: [outcome(3)] }])).toEqual([]);
  });
});
