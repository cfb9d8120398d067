import { defineConfig } from "vitest/config";
import { ClosingLine } from "./test/closing-line.ts";
import { readDurations } from "./test/suite/durations.ts";
import { LongestFirst } from "./test/suite/longest-first.ts";

/** Folders of tests that mirror no domain, and the two domains that wire the others. */
const OTHER_TESTS = [
  "agent",
  "bench",
  "cli",
  "docs",
  "e2e",
  "fuzz",
  "model",
  "monitoring",
  "page",
  "packaging",
  "sim",
  "soak",
  "suite",
].map((folder) => `test/${folder}/**`);

/** The files of a worker share their modules, which hold no state: to load them for each file takes as long as the tests do. */
const SHARED = { isolate: false } as const;

/** Never in `npm run test:fast`. */
const SLOW_PROJECTS = ["e2e", "fuzz", "model", "monitoring", "page"];

/** `npm run test:fast` is the mode "fast": what is pure or about documents, and the files of the others that are quick. */
export default defineConfig(({ mode }) => {
  const isFast = mode === "fast";
  const exclude = isFast ? Object.keys(readDurations()) : [];
  const projects = [
    {
      // one folder a domain of src; what lies directly in it touches nothing outside
      test: {
        ...SHARED,
        name: "pure",
        include: ["test/*/*.test.ts"],
        exclude: OTHER_TESTS,
        testTimeout: 30_000,
      },
    },
    { test: { ...SHARED, name: "docs", include: ["test/docs/*.test.ts"], testTimeout: 30_000 } },
    {
      test: {
        name: "io",
        include: ["test/*/io/*.test.ts"],
        exclude,
        testTimeout: 30_000,
        hookTimeout: 30_000,
      },
    },
    { test: { name: "agent", include: ["test/agent/*.test.ts"], exclude, testTimeout: 30_000 } },
    { test: { name: "cli", include: ["test/cli/*.test.ts"], exclude, testTimeout: 30_000 } },
    { test: { name: "packaging", include: ["test/packaging/*.test.ts"], exclude, testTimeout: 30_000 } },
    { test: { ...SHARED, name: "bench", include: ["test/bench/*.test.ts"], exclude, testTimeout: 30_000 } },
    { test: { ...SHARED, name: "sim", include: ["test/sim/*.test.ts"], exclude, testTimeout: 30_000 } },
    { test: { ...SHARED, name: "soak", include: ["test/soak/*.test.ts"], exclude, testTimeout: 30_000 } },
    { test: { ...SHARED, name: "suite", include: ["test/suite/*.test.ts"], testTimeout: 30_000 } },
    { test: { name: "fuzz", include: ["test/fuzz/*.test.ts"], testTimeout: 30_000 } },
    { test: { name: "model", include: ["test/model/*.test.ts"], testTimeout: 60_000 } },
    { test: { name: "monitoring", include: ["test/monitoring/*.test.ts"], testTimeout: 120_000 } },
    { test: { name: "page", include: ["test/page/*.test.ts"], testTimeout: 60_000, hookTimeout: 60_000 } },
    {
      test: {
        name: "e2e",
        include: ["test/e2e/**/*.test.ts"],
        testTimeout: 180_000,
        hookTimeout: 120_000,
      },
    },
  ];
  return {
    test: {
      // most of a test's time is spent waiting for keepalived: more of them than cores fit beside each other
      maxWorkers: isFast ? 3 : 5,
      sequence: { sequencer: LongestFirst },
      reporters: ["default", new ClosingLine()],
      projects: projects.filter(({ test }) => !isFast || !SLOW_PROJECTS.includes(test.name)),
    },
  };
});
