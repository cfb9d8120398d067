/** The order in which vitest starts the test files, and which of them `npm run test:fast` runs. */
import { existsSync } from "node:fs";
import { expect, it } from "vitest";
import { longestFirst, RECORDED_FROM_SECONDS, readDurations } from "./durations.ts";

const DURATIONS = {
  "test/e2e/long.test.ts": 60,
  "test/e2e/short.test.ts": 5,
  "test/wire/io/slow.test.ts": 30,
};

it("starts scenarios that are not recorded first, then the longest, then what is quick", () => {
  const files = [
    "test/text/b.test.ts",
    "test/text/a.test.ts",
    "test/e2e/short.test.ts",
    "test/wire/io/slow.test.ts",
    "test/e2e/new.test.ts",
    "test/e2e/long.test.ts",
    "test/e2e/newer.test.ts",
  ];

  expect(longestFirst(files, (file) => file, DURATIONS)).toEqual([
    "test/e2e/new.test.ts",
    "test/e2e/newer.test.ts",
    "test/e2e/long.test.ts",
    "test/wire/io/slow.test.ts",
    "test/e2e/short.test.ts",
    "test/text/b.test.ts",
    "test/text/a.test.ts",
  ]);
});

it("records files that exist, and only those that take seconds", () => {
  const rows = Object.entries(readDurations());

  expect(rows.length).toBeGreaterThan(20);
  expect(rows.filter(([file]) => !existsSync(file))).toEqual([]);
  expect(rows.filter(([, seconds]) => seconds < RECORDED_FROM_SECONDS)).toEqual([]);
});
