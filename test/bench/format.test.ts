import { expect, it } from "vitest";
import { formatRatio, formatValue } from "./format.ts";

it.each([
  [0, "0"],
  [0.0123456, "0.0123"],
  [12.34, "12.3"],
  [612.7, "613"],
  [123_456.7, "123457"],
  [Number.NaN, "-"],
])("writes %d as %s", (value, text) => expect(formatValue(value)).toBe(text));

it.each([
  [1 / 50.4, "1/50"],
  [1 / 3.62, "1/3.6"],
  [0.827, "0.827 x"],
  [21.1, "21.1 x"],
  [Number.NaN, "-"],
  [Number.POSITIVE_INFINITY, "-"],
])("writes the ratio %d as %s", (ratio, text) => expect(formatRatio(ratio)).toBe(text));
