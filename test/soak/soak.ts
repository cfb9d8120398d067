/**
 * Run as `npm run soak`: random faults strike hosts of a lab for some minutes, while invariants are checked all along.
 * The same seed draws the same faults. Exit status 0 where every invariant held, 1 where one broke or the run failed.
 */
import { AgentError } from "../../src/errors.ts";
import { requirements } from "../e2e/lab/requirements.ts";
import { FAULTS } from "./faults.ts";
import { parseOptions, type SoakOptions, USAGE } from "./options.ts";
import { runSoak } from "./run-soak.ts";

const EXIT_CONFIG = 78;
const HELP = [
  USAGE,
  "",
  "Strikes 3 hosts (5 minutes unless told) with random faults, one or two at a time, and checks what must always hold.",
  "Needs root; everything happens in network namespaces, which are removed at the end and at Ctrl-C.",
  "",
  "faults:",
  ...FAULTS.map(({ name }) => `  ${name}`),
];

const stop = new AbortController();
for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.on(signal, () => stop.abort());
process.stdout.on("error", () => stop.abort());

try {
  process.exitCode = await soak(parseOptions(process.argv.slice(2)));
} catch (error) {
  process.exitCode = error instanceof AgentError && error.code === "USAGE" ? EXIT_CONFIG : 1;
  process.stderr.write(`${describe(error)}\n`);
}

async function soak(options: SoakOptions): Promise<number> {
  if (options.isHelpWanted) {
    print(HELP.join("\n"));
    return 0;
  }
  const { only } = options;
  const faults = FAULTS.filter(({ name }) => only === undefined || only.includes(name));
  const unknown = only?.filter((name) => !faults.some((fault) => fault.name === name)) ?? [];
  if (unknown.length > 0) {
    throw new AgentError("USAGE", `there is no fault ${unknown.join(", ")}`, { hint: USAGE });
  }
  const missing = requirements();
  if (missing !== undefined) {
    process.stderr.write(`${missing}\n`);
    return 1;
  }
  const seed = options.seed ?? Math.floor(Math.random() * 1_000_000);
  return runSoak({ ...options, seed, faults, print, signal: stop.signal });
}

function print(line: string): void {
  process.stdout.write(`${line}\n`);
}

function describe(error: unknown): string {
  if (error instanceof AgentError) return `${error.message}\n${error.hint}`;
  return `the soak failed: ${error instanceof Error ? error.stack : error}`;
}
