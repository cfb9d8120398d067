import { defineConfig } from "vitest/config";
import { ClosingLine } from "./test/closing-line.ts";

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
].map((folder) => `test/${folder}/**`);

export default defineConfig({
  test: {
    // most of a test's time is spent waiting for keepalived: more of them than cores fit beside each other
    maxWorkers: 4,
    reporters: ["default", new ClosingLine()],
    projects: [
      {
        // one folder a domain of src; what lies directly in it touches nothing outside
        test: { name: "pure", include: ["test/*/*.test.ts"], exclude: OTHER_TESTS, testTimeout: 30_000 },
      },
      {
        test: { name: "io", include: ["test/*/io/*.test.ts"], testTimeout: 30_000, hookTimeout: 30_000 },
      },
      { test: { name: "agent", include: ["test/agent/*.test.ts"], testTimeout: 30_000 } },
      { test: { name: "cli", include: ["test/cli/*.test.ts"], testTimeout: 30_000 } },
      { test: { name: "docs", include: ["test/docs/*.test.ts"], testTimeout: 30_000 } },
      { test: { name: "packaging", include: ["test/packaging/*.test.ts"], testTimeout: 30_000 } },
      { test: { name: "page", include: ["test/page/*.test.ts"], testTimeout: 60_000, hookTimeout: 60_000 } },
      { test: { name: "bench", include: ["test/bench/*.test.ts"], testTimeout: 30_000 } },
      { test: { name: "fuzz", include: ["test/fuzz/*.test.ts"], testTimeout: 30_000 } },
      { test: { name: "model", include: ["test/model/*.test.ts"], testTimeout: 60_000 } },
      { test: { name: "monitoring", include: ["test/monitoring/*.test.ts"], testTimeout: 120_000 } },
      { test: { name: "sim", include: ["test/sim/*.test.ts"], testTimeout: 30_000 } },
      { test: { name: "soak", include: ["test/soak/*.test.ts"], testTimeout: 30_000 } },
      {
        test: {
          name: "e2e",
          include: ["test/e2e/**/*.test.ts"],
          testTimeout: 180_000,
          hookTimeout: 120_000,
        },
      },
    ],
  },
});
