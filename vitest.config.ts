import { defineConfig } from "vitest/config";
import { ClosingLine } from "./test/closing-line.ts";
import { readDurations } from "./test/suite/durations.ts";
import { LongestFirst } from "./test/suite/longest-first.ts";

/** Folders of tests that mirror no domain, and the two domains that wire the others. */
const OTHER_TESTS = [
  "agent",
  "asking",
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

/** For files that start processes beside a lab: a lab removes all that it has by itself. */
const NOTHING_LEFT = { setupFiles: ["test/suite/nothing-left.ts"] };

/**
 * Bounds for what a test waits for and for its clean-up, ms. They only end a test that hangs: the machine is shared, and what
 * takes 50 ms on a quiet one takes seconds beside five other files. A claim about speed is an assertion of its own.
 */
const PATIENT = {
  testTimeout: 400_000,
  hookTimeout: 400_000,
  expect: { poll: { timeout: 120_000 } },
} as const;

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
        ...PATIENT,
        name: "pure",
        include: ["test/*/*.test.ts"],
        exclude: OTHER_TESTS,
      },
    },
    { test: { ...SHARED, ...PATIENT, name: "docs", include: ["test/docs/*.test.ts"] } },
    {
      test: { ...PATIENT, ...NOTHING_LEFT, name: "io", include: ["test/*/io/*.test.ts"], exclude },
    },
    { test: { ...PATIENT, ...NOTHING_LEFT, name: "agent", include: ["test/agent/*.test.ts"], exclude } },
    { test: { ...PATIENT, ...NOTHING_LEFT, name: "cli", include: ["test/cli/*.test.ts"], exclude } },
    {
      test: {
        ...PATIENT,
        ...NOTHING_LEFT,
        name: "packaging",
        include: ["test/packaging/*.test.ts"],
        exclude,
      },
    },
    { test: { ...SHARED, ...PATIENT, name: "asking", include: ["test/asking/*.test.ts"] } },
    { test: { ...SHARED, ...PATIENT, name: "bench", include: ["test/bench/*.test.ts"], exclude } },
    { test: { ...SHARED, ...PATIENT, name: "sim", include: ["test/sim/*.test.ts"], exclude } },
    { test: { ...SHARED, ...PATIENT, name: "soak", include: ["test/soak/*.test.ts"], exclude } },
    { test: { ...SHARED, ...PATIENT, name: "suite", include: ["test/suite/*.test.ts"] } },
    { test: { ...PATIENT, name: "fuzz", include: ["test/fuzz/*.test.ts"] } },
    { test: { ...PATIENT, name: "model", include: ["test/model/*.test.ts"] } },
    { test: { ...PATIENT, name: "monitoring", include: ["test/monitoring/*.test.ts"] } },
    { test: { ...PATIENT, name: "page", include: ["test/page/*.test.ts"] } },
    {
      test: { ...PATIENT, name: "e2e", include: ["test/e2e/**/*.test.ts"] },
    },
  ];
  return {
    test: {
      globalSetup: "test/suite/clean-run.ts",
      // most of a test's time is spent waiting for keepalived: more of them than cores fit beside each other
      maxWorkers: isFast ? 3 : 5,
      sequence: { sequencer: LongestFirst },
      reporters: ["default", new ClosingLine()],
      projects: projects.filter(({ test }) => !isFast || !SLOW_PROJECTS.includes(test.name)),
    },
  };
});
