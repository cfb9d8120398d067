import { describe, expect, it } from "vitest";
import type { Tenure } from "../e2e/lab/tenure.ts";
import { movesOf, outcomeOf } from "./outcome.ts";

const FOREVER = Number.POSITIVE_INFINITY;
const EVENT = { owner: "h1", brokenAtMs: 1_000, healedAtMs: 1_500, untilMs: 3_000 };

function held(host: string, fromMs: number, toMs = FOREVER): Tenure {
  return { host, fromMs, toMs };
}

describe("the outcome of an event", () => {
  it("is nothing where the owner keeps the VIP", () => {
    expect(outcomeOf([held("h2", 0, 50), held("h1", 50)], EVENT)).toEqual({
      lastedMs: 500,
      takes: 0,
      returns: 0,
      takeoverMs: undefined,
      twoOwnersMs: 0,
      twoOwnersHealedMs: 0,
      vacantMs: 0,
    });
  });

  it("is one move where another host takes it for good", () => {
    const outcome = outcomeOf([held("h1", 50, 1_600), held("h2", 1_141)], EVENT);

    expect(outcome).toEqual({
      lastedMs: 500,
      takes: 1,
      returns: 0,
      takeoverMs: 141,
      twoOwnersMs: 459,
      twoOwnersHealedMs: 100,
      vacantMs: 0,
    });
  });

  it("is two moves where the owner has it back", () => {
    const outcome = outcomeOf([held("h1", 50), held("h2", 1_200, 1_550)], EVENT);

    expect([movesOf(outcome), outcome.takes, outcome.returns]).toEqual([2, 1, 1]);
    expect(outcome.twoOwnersHealedMs).toBe(50);
  });

  it("counts a take of the owner itself, and the time without one", () => {
    const outcome = outcomeOf([held("h1", 50, 1_100), held("h1", 1_350)], EVENT);

    expect([outcome.takes, outcome.takeoverMs, outcome.vacantMs]).toEqual([1, undefined, 250]);
  });

  it("counts three hosts at the same time once", () => {
    const outcome = outcomeOf([held("h1", 50), held("h2", 1_200, 1_300), held("h3", 1_200, 1_400)], EVENT);

    expect([outcome.takes, outcome.twoOwnersMs]).toEqual([2, 200]);
  });

  it("leaves out what happened before and after", () => {
    const outcome = outcomeOf([held("h2", 0, 900), held("h1", 100, 5_000), held("h3", 3_200)], EVENT);

    expect([movesOf(outcome), outcome.twoOwnersMs]).toEqual([0, 0]);
  });
});
