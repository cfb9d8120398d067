import { expect, it } from "vitest";
import { summarize } from "./statistics.ts";

it.each([
  { values: [3], want: { count: 1, median: 3, min: 3, max: 3 } },
  { values: [9, 1, 5], want: { count: 3, median: 5, min: 1, max: 9 } },
  { values: [4, 1, 2, 100], want: { count: 4, median: 3, min: 1, max: 100 } },
  { values: [], want: { count: 0, median: Number.NaN, min: Number.NaN, max: Number.NaN } },
])("sums $values up", ({ values, want }) => expect(summarize(values)).toEqual(want));
