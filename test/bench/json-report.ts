/** All that was measured, round by round, as JSON. */
import type { MachineFacts } from "./machine-facts.ts";
import type { FigureResult } from "./runner.ts";
import { judge } from "./verdict.ts";

export function jsonReport(machine: MachineFacts, results: readonly FigureResult[]): string {
  const figures = results.map((result) => {
    const { figure, durationMs, error } = result;
    return {
      name: figure.name,
      title: figure.title,
      unit: figure.unit,
      durationSeconds: Math.round(durationMs / 1_000),
      error: error === undefined ? undefined : String(error),
      contenders: judge(result).map(({ contender, summary, ratio, isReached }, index) => ({
        name: contender.name,
        target: contender.target,
        ...summary,
        ratio,
        isReached,
        measurements: result.results[index]!.measurements,
      })),
    };
  });
  return `${JSON.stringify({ machine, figures }, undefined, 2)}\n`;
}
