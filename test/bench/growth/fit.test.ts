import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { fitLaw } from "./fit.ts";

const SIZES = [10, 100, 1_000, 10_000];
const points = (value: (size: number) => number) => SIZES.map((size) => ({ size, value: value(size) }));

describe("the law that points follow", () => {
  it.each([
    { law: "5 whatever n", value: () => 5 },
    { law: "2 + 0.03 n", value: (size: number) => 2 + 0.03 * size },
    { law: "0.5 n^2", value: (size: number) => size ** 2 / 2 },
    { law: "3 n^0.5", value: (size: number) => 3 * Math.sqrt(size) },
  ])("is $law", ({ law, value }) => {
    const found = fitLaw(points(value));

    expect(found.law).toBe(law);
    expect(found.residual).toBeLessThan(1e-9);
  });

  it("tells how far a point is from it at most", () => {
    expect(fitLaw(points((size) => (size === 10 ? 105 : 95))).residual).toBeCloseTo(105 / 97.5 - 1);
  });

  it("deviates by no more than points that scatter around a line", () => {
    const factor = fc.double({ min: 0.9, max: 1.1, noNaN: true });
    fc.assert(
      fc.property(fc.tuple(factor, factor, factor, factor), (factors) => {
        const scattered = SIZES.map((size, index) => ({ size, value: (1 + 0.01 * size) * factors[index]! }));

        expect(fitLaw(scattered).residual).toBeLessThan(0.35);
      }),
    );
  });
});
