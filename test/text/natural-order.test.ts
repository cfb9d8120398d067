import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { compareNaturally } from "../../src/text/natural-order.ts";

describe("the natural order", () => {
  it("has web-2 before web-11", () => {
    const names = ["web-11", "db", "web-2", "web", "web-2b", "web-2-1", "10", "9", "Web-1"];

    expect(names.toSorted(compareNaturally)).toEqual([
      "9",
      "10",
      "Web-1",
      "db",
      "web",
      "web-2",
      "web-2-1",
      "web-2b",
      "web-11",
    ]);
  });

  it("compares numbers that no float can hold", () => {
    expect(compareNaturally("a90071992547409930", "a90071992547409931")).toBeLessThan(0);
  });

  it("is one order of all names, whatever their order was", () => {
    const name = fc.string({ unit: fc.constantFrom("a", "0", "1", "2", "-") });
    fc.assert(
      fc.property(fc.uniqueArray(name), (names) => {
        const sorted = names.toSorted(compareNaturally);
        expect(names.toReversed().toSorted(compareNaturally)).toEqual(sorted);
        for (const [index, one] of sorted.entries()) {
          for (const other of sorted.slice(index + 1)) expect(compareNaturally(one, other)).toBeLessThan(0);
        }
      }),
    );
  });
});
