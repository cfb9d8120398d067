/** `npm run test:durations`: runs all tests, and records how long each file took that takes seconds. */
import { spawnSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { DURATIONS_FILE, type Durations, RECORDED_FROM_SECONDS } from "./durations.ts";

const ROOT = path.join(import.meta.dirname, "..", "..");
const REPORT = path.join(ROOT, "node_modules", ".cache", "durations-report.json");

interface Report {
  readonly testResults: readonly {
    readonly name: string;
    readonly startTime: number;
    readonly endTime: number;
  }[];
}

function durationsOf({ testResults }: Report): Durations {
  const rows = testResults.map(({ name, startTime, endTime }): [string, number] => [
    path.relative(ROOT, name),
    Math.round((endTime - startTime) / 1_000),
  ]);
  const long = rows.filter(([, seconds]) => seconds >= RECORDED_FROM_SECONDS);
  return Object.fromEntries(long.sort(([, one], [, other]) => other - one));
}

const reporters = ["--reporter=default", "--reporter=json", `--outputFile.json=${REPORT}`];
const { status } = spawnSync("vitest", ["run", ...reporters], { cwd: ROOT, stdio: "inherit" });
const durations = durationsOf(JSON.parse(readFileSync(REPORT, "utf8")));
writeFileSync(DURATIONS_FILE, `${JSON.stringify(durations, undefined, 2)}\n`);
process.exitCode = status ?? 1;
