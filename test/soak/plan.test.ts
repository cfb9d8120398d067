import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { FAULTS } from "./faults.ts";
import { planOf, type Step } from "./plan.ts";

/** The first steps of a plan, in words. */
function firstSteps(seed: number, count: number): Step[] {
  const plan = planOf(seed, FAULTS);
  return Array.from({ length: count }, () => plan.next().value);
}

function inWords(steps: readonly Step[]): string[] {
  return steps.flatMap(({ number, faults }) =>
    faults.map(
      ({ fault, target, pick, offsetMs, durationMs }) =>
        `${number} ${fault.name} ${target} ${pick} ${offsetMs} ${durationMs}`,
    ),
  );
}

describe("the plan of a soak", () => {
  it("is the same for the same seed, and another for another", () => {
    const plan = inWords(firstSteps(7, 200));

    expect(inWords(firstSteps(7, 200))).toEqual(plan);
    expect(inWords(firstSteps(8, 200))).not.toEqual(plan);
  });

  it("has every fault once before any comes again", () => {
    fc.assert(
      fc.property(fc.nat(), (seed) => {
        const drawn = firstSteps(seed, FAULTS.length).flatMap(({ faults }) =>
          faults.map(({ fault }) => fault),
        );
        expect(new Set(drawn.slice(0, FAULTS.length))).toEqual(new Set(FAULTS));
      }),
      { numRuns: 50 },
    );
  });

  it("strikes with two faults at most, which touch nothing in common, for as long as each may last", () => {
    fc.assert(
      fc.property(fc.nat(), (seed) => {
        for (const { faults } of firstSteps(seed, 100)) {
          const areas = faults.flatMap(({ fault }) => fault.areas);
          expect(faults.length).toBeLessThanOrEqual(2);
          expect(new Set(areas).size).toBe(areas.length);
          for (const { fault, durationMs, target } of faults) {
            expect(durationMs).toBeGreaterThanOrEqual(fault.lasts[0]);
            expect(durationMs).toBeLessThanOrEqual(fault.lasts[1]);
            if (fault.needsOwner) expect(target).toBe("owner");
          }
        }
      }),
      { numRuns: 50 },
    );
  });

  it("refuses to draw from nothing", () => {
    expect(() => planOf(1, []).next()).toThrow(RangeError);
  });
});

it("names every fault once", () => {
  expect(new Set(FAULTS.map(({ name }) => name)).size).toBe(FAULTS.length);
});
