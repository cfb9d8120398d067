import { describe, expect, it } from "vitest";
import type { Contender, Figure } from "./figure.ts";
import { runFigure } from "./runner.ts";

const PLAN = { rounds: 3, memoryMinutes: 1 };

/** Two contenders that note what happens to them. */
function record(change: { readonly agent?: Partial<Contender>; readonly figure?: Partial<Figure> } = {}) {
  const events: string[] = [];
  const contender = (name: string): Contender => ({
    name,
    open: async () => ({
      measure: async () => {
        events.push(name);
        return { value: events.length };
      },
      close: async () => {
        events.push(`${name} closed`);
      },
    }),
  });
  const contenders = [{ ...contender("agent"), ...change.agent }, contender("baseline")];
  const figure = { name: "f", title: "F", unit: "ms", how: "", contenders, ...change.figure };
  return { events, run: () => runFigure(figure, PLAN, () => undefined) };
}

describe("the runner", () => {
  it("measures in an order that turns around each round, and closes all", async () => {
    const { events, run } = record();

    const { results, error } = await run();

    const [first, second, third] = [
      ["agent", "baseline"],
      ["baseline", "agent"],
      ["agent", "baseline"],
    ] as const;
    expect(events).toEqual([...first, ...second, ...third, "agent closed", "baseline closed"]);
    expect(results.map(({ measurements }) => measurements.map(({ value }) => value))).toEqual([
      [1, 4, 5],
      [2, 3, 6],
    ]);
    expect(error).toBeUndefined();
  });

  it("repeats a slow contender less often", async () => {
    const { run } = record({ agent: { maxRounds: 1 } });

    const { results } = await run();

    expect(results.map(({ measurements }) => measurements.length)).toEqual([1, 3]);
  });

  it("repeats one more often whose values chance spreads", async () => {
    const { run } = record({ agent: { minRounds: 5 } });

    const { results } = await run();

    expect(results.map(({ measurements }) => measurements.length)).toEqual([5, 3]);
  });

  it("closes the others where one cannot be set up, and says why", async () => {
    const broken = new Error("no lab");
    const { events, run } = record({ agent: { open: () => Promise.reject(broken) } });

    const { error, results } = await run();

    expect(error).toBe(broken);
    expect(events).toEqual(["baseline closed"]);
    expect(results.every(({ measurements }) => measurements.length === 0)).toBe(true);
  });
});
