/**
 * Looks for a nat table that the port check judges otherwise than the kernel, then for a value that becomes syntax, until it
 * finds one or has tried enough: `npm run fuzz -- --cases N --questions N --seed S`. The same seed tries the same cases. Ends
 * with 1 where it found one, shrunk to the smallest that still shows it.
 */
import { readFileSync } from "node:fs";
import path from "node:path";
import { exit, stdout } from "node:process";
import { parseArgs } from "node:util";
import fc from "fast-check";
import { fuzzCase } from "./fuzz-case.ts";
import { fuzzPortCheck } from "./kernel.ts";
import { demandNoSyntax } from "./no-syntax.ts";

/** Cases between two lines of progress, and of one seed: fast-check keeps what it has tried. */
const ROUND = 10_000;
/** Between the seeds of two rounds, so that runs with neighbouring seeds share none. */
const SEED_STEP = 1_000_003;
/** A megabyte of one character tells no more than this, characters. */
const SHOWN = 200;

const { values } = parseArgs({
  options: { cases: { type: "string" }, questions: { type: "string" }, seed: { type: "string" } },
});
const cases = Number(values.cases ?? 1_000_000);
/** To the port check. */
const questions = Number(values.questions ?? 2_100);
const seed = Number(values.seed ?? Date.now() % 2 ** 31);
if (!Number.isInteger(cases) || cases < 0 || !Number.isInteger(seed) || !Number.isInteger(questions)) {
  throw new RangeError("--cases and --questions take a number from 0, --seed a whole number");
}

const template = readFileSync(path.join(import.meta.dirname, "../../templates/keepalived.conf.njk"), "utf8");
const outcomes = new Map<string, number>();
const property = fc.property(fuzzCase, (one) => {
  const { decision } = demandNoSyntax(template, one);
  const outcome = decision.kind === "accepted" ? decision.kind : decision.code;
  outcomes.set(outcome, (outcomes.get(outcome) ?? 0) + 1);
});

print(`seed ${seed}, ${questions} questions, ${cases} cases`);
await fuzzPortCheck(questions, seed, print).catch((error: Error) => {
  print(error.message);
  if (error.cause instanceof Error) print(error.cause.message);
  exit(1);
});
const start = performance.now();
for (let done = 0; done < cases; ) {
  const numRuns = Math.min(ROUND, cases - done);
  const roundSeed = (seed + (done / ROUND) * SEED_STEP) % 2 ** 31;
  const result = fc.check(property, { seed: roundSeed, numRuns });
  if (result.failed) {
    print(`found after ${done + result.numRuns} cases, seed ${roundSeed}, path ${result.counterexamplePath}`);
    print(
      result.errorInstance instanceof Error ? result.errorInstance.message : String(result.errorInstance),
    );
    print(JSON.stringify(result.counterexample?.[0], shorten, 2));
    exit(1);
  }
  done += numRuns;
  print(`${done} cases, ${Math.round((done * 1_000) / (performance.now() - start))} a second`);
}
for (const [outcome, times] of [...outcomes].toSorted(([, a], [, b]) => b - a)) print(`${times} ${outcome}`);
print(`no value became syntax (seed ${seed})`);

function shorten(_: string, value: unknown): unknown {
  if (typeof value !== "string" || value.length <= SHOWN) return value;
  return `${value.slice(0, SHOWN)}... (${value.length} characters)`;
}

function print(line: string): void {
  stdout.write(`${line}\n`);
}
