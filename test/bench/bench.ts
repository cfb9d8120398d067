/**
 * Run as `npm run bench`, as root, on a machine that does nothing else: measures the built agent side by side with
 * keepalived alone, and prints what came out. Exit status 1 where a figure could not be measured, or a target is missed.
 * Ctrl-C ends it; nothing is left behind.
 */
import { writeFileSync } from "node:fs";
import { requirements } from "../e2e/lab/requirements.ts";
import { FIGURES } from "./catalogue.ts";
import { writeDocument } from "./document.ts";
import type { Contender, Figure, Measurement } from "./figure.ts";
import { formatValue } from "./format.ts";
import { jsonReport } from "./json-report.ts";
import { readMachineFacts } from "./machine-facts.ts";
import { type BenchOptions, parseOptions, USAGE } from "./options.ts";
import { type FigureResult, runFigure } from "./runner.ts";
import { tableOf } from "./table.ts";
import { judge } from "./verdict.ts";

const EXIT_CONFIG = 78;

process.exitCode = await main();

async function main(): Promise<number> {
  const options = readOptions();
  if (options === undefined) return EXIT_CONFIG;
  if (options.isHelpWanted) return print(USAGE);
  if (options.isListWanted) return print(options.figures.map(({ name }) => name).join("\n"));
  return bench(options);
}

function readOptions(): BenchOptions | undefined {
  try {
    return parseOptions(process.argv.slice(2), FIGURES);
  } catch (error) {
    process.stderr.write(`${error instanceof Error ? error.message : error}\n${USAGE}\n`);
    return undefined;
  }
}

async function bench(options: BenchOptions): Promise<number> {
  const missing = requirements();
  if (missing !== undefined) {
    process.stderr.write(`${missing}\n`);
    return 1;
  }
  const machine = await readMachineFacts();
  print(JSON.stringify(machine));
  const results: FigureResult[] = [];
  const lasting = options.figures.filter(({ isLasting }) => isLasting);
  for (const figure of options.figures) if (!figure.isLasting) results.push(await measure(figure, options));
  results.push(...(await Promise.all(lasting.map((figure) => measure(figure, options)))));
  print(`\n${tableOf(results)}`);
  if (options.jsonFile !== undefined) writeFileSync(options.jsonFile, jsonReport(machine, results));
  if (options.isForDocs) writeDocument(machine, results);
  return results.every(isWell) ? 0 : 1;
}

async function measure(figure: Figure, options: BenchOptions): Promise<FigureResult> {
  print(`${figure.name}: ${figure.title}`);
  const result = await runFigure(figure, options, (contender, measurement) =>
    print(roundText(figure, contender, measurement)),
  );
  print(`${figure.name}: took ${Math.round(result.durationMs / 1_000)} s`);
  if (result.error !== undefined) print(`${figure.name}: not measured to the end: ${describe(result.error)}`);
  return result;
}

function isWell(result: FigureResult): boolean {
  return result.error === undefined && judge(result).every(({ isReached }) => isReached !== false);
}

function roundText(
  { name: figure, unit }: Figure,
  { name }: Contender,
  { value, notes = {} }: Measurement,
): string {
  const others = Object.entries(notes).map(([what, count]) => `${what} ${formatValue(count)}`);
  return `${figure}: ${name} ${formatValue(value)} ${unit}${others.length > 0 ? ` (${others.join("; ")})` : ""}`;
}

function describe(error: unknown): string {
  return error instanceof Error ? (error.stack ?? error.message) : String(error);
}

/** @returns the exit status of a run that did no more than that. */
function print(text: string): number {
  process.stdout.write(`${text}\n`);
  return 0;
}
