/** A run of leaves-program.ts alone, with what vitest.config.ts has each run with. */
import path from "node:path";
import { startVitest } from "vitest/node";

const vitest = await startVitest("test", [], {
  config: false,
  root: path.join(import.meta.dirname, "..", ".."),
  include: ["test/suite/leaves-program.ts"],
  watch: false,
  globalSetup: "test/suite/clean-run.ts",
  setupFiles: "test/suite/nothing-left.ts",
});
await vitest.close();
