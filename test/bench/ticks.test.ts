import fc from "fast-check";
import { expect, it } from "vitest";
import { ticksTo } from "./plot/ticks.ts";

it.each([
  [1, [0, 0.2, 0.4, 0.6, 0.8, 1]],
  [30, [0, 10, 20, 30]],
  [619, [0, 200, 400, 600, 800]],
])("divides 0 to %d", (highest, ticks) => expect(ticksTo(highest)).toEqual(ticks));

it("covers any value in few steps, the last of which reaches it", () => {
  fc.assert(
    fc.property(fc.double({ min: 1e-6, max: 1e9, noNaN: true }), (highest) => {
      const ticks = ticksTo(highest);
      const [last = 0, before = 0] = ticks.toReversed();

      expect(ticks[0]).toBe(0);
      expect(ticks.length).toBeLessThanOrEqual(7);
      expect(last).toBeGreaterThanOrEqual(highest * (1 - 1e-5));
      expect(before).toBeLessThan(highest);
    }),
  );
});
