import { expect, it } from "vitest";
import { pauseOf } from "../../src/health/pause.ts";

it("tells a pause of 2 s and more, and none below", () => {
  expect([1_000, 1_999.9, 2_000, 20_000.4].map(pauseOf)).toEqual([undefined, undefined, 2_000, 20_000]);
});
