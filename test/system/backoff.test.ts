import { expect, it } from "vitest";
import { createBackoff } from "../../src/system/backoff.ts";

it("doubles each pause, up to the longest", () => {
  const backoff = createBackoff({ firstMs: 200, longestMs: 1_000 });

  expect(Array.from({ length: 5 }, () => backoff.nextMs())).toEqual([200, 400, 800, 1_000, 1_000]);
});

it("starts again with the first pause after a reset", () => {
  const backoff = createBackoff({ firstMs: 200, longestMs: 1_000 });
  backoff.nextMs();
  backoff.nextMs();
  backoff.reset();

  expect([backoff.nextMs(), backoff.nextMs()]).toEqual([200, 400]);
});

it("lengthens a pause at random, by its double at most and never beyond the longest", () => {
  const draws = [0, 0.5, 1, 1];
  const backoff = createBackoff({ firstMs: 1_000, longestMs: 5_000, random: () => draws.shift() ?? 0 });

  expect(Array.from({ length: 4 }, () => backoff.nextMs())).toEqual([1_000, 3_000, 5_000, 5_000]);
});
