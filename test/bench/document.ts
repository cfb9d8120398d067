/**
 * What is generated in docs/design/: the part of docs/design/benchmarks.md between its marks, and the plots. The text around the marks
 * is written by hand.
 */
import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { plotOf } from "./figure-plots.ts";
import { formatValue } from "./format.ts";
import { limitsTable } from "./limits.ts";
import type { MachineFacts } from "./machine-facts.ts";
import type { FigureResult } from "./runner.ts";
import { tableOf } from "./table.ts";

const DOCUMENT = fileURLToPath(new URL("../../docs/design/benchmarks.md", import.meta.url));
const PLOTS = fileURLToPath(new URL("../../docs/design/benchmarks/", import.meta.url));
const START = "<!-- results:start -->\n";
const END = "<!-- results:end -->";
/** What is between the marks of the table of limits, which stands before the results. */
const LIMITS_PART = /(?<=<!-- limits:start -->\n).*(?=<!-- limits:end -->)/s;

/** Replaces all results of an earlier run. @throws {Error} where the document lacks the marks. */
export function writeDocument(machine: MachineFacts, results: readonly FigureResult[]): void {
  const text = readFileSync(DOCUMENT, "utf8");
  const start = text.indexOf(START);
  const end = text.indexOf(END);
  if (start < 0 || end < start) throw new Error(`docs/design/benchmarks.md lacks ${START.trim()} or ${END}`);
  rmSync(PLOTS, { recursive: true, force: true });
  mkdirSync(PLOTS);
  const sections = results.map((result) => sectionOf(result, writePlot(result)));
  const generated = [machineText(machine), tableOf(results), ...sections].join("\n\n");
  const before = text.slice(0, start).replace(LIMITS_PART, () => `\n${limitsTable(results)}\n\n`);
  writeFileSync(DOCUMENT, `${before}${START}\n${generated}\n\n${text.slice(end)}`);
}

/** @returns the picture as Markdown, empty where there is none. */
function writePlot(result: FigureResult): string {
  const { name, title } = result.figure;
  const plot = plotOf(result);
  if (plot === undefined) return "";
  writeFileSync(`${PLOTS}${name}.svg`, plot);
  return `![${title}](benchmarks/${name}.svg)`;
}

export function machineText(machine: MachineFacts): string {
  const { cores, processor, memoryMiB, distribution, kernel, node, keepalived, loadBefore } = machine;
  return [
    `Measured on ${machine.measuredAt.slice(0, 10)}: ${cores} cores of ${processor}, ${Math.round(memoryMiB / 1_024)} GiB of memory,`,
    `${distribution}, Linux ${kernel}, Node ${node}, keepalived ${keepalived}. Load before the run: ${formatValue(loadBefore)}.`,
  ].join("\n");
}

function sectionOf(result: FigureResult, picture: string): string {
  const { figure, error, durationMs } = result;
  const lost = error === undefined ? [] : [`Not measured to the end: ${String(error).split("\n")[0]}`];
  const took = `\`npm run bench -- --only ${figure.name}\`, ${Math.round(durationMs / 1_000)} s.`;
  return [`### ${figure.title}`, `${figure.how} ${took}`, ...lost, notesText(result), picture]
    .filter((part) => part !== "")
    .join("\n\n");
}

/** What was seen beside the value: lowest to highest of all rounds. */
function notesText({ results }: FigureResult): string {
  const lines = results.flatMap(({ contender, measurements }) => {
    const names = Object.keys(measurements[0]?.notes ?? {});
    const parts = names.map((name) => {
      const values = measurements.map(({ notes }) => notes?.[name] ?? Number.NaN);
      const [low, high] = [Math.min(...values), Math.max(...values)].map(formatValue);
      return `${name} ${low === high ? low : `${low} to ${high}`}`;
    });
    return parts.length === 0 ? [] : [`- ${contender.name}: ${parts.join("; ")}.`];
  });
  return lines.join("\n");
}
