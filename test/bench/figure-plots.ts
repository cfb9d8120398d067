/** The plots of a figure's results. */

import type { Contender } from "./figure.ts";
import { formatValue } from "./format.ts";
import { dotPlot } from "./plot/dot-plot.ts";
import { linePlot } from "./plot/line-plot.ts";
import type { Color, PlotText } from "./plot/svg.ts";
import type { FigureResult } from "./runner.ts";
import { judge } from "./verdict.ts";

/** A plot over time where there is a course, else one of all rounds; undefined where nothing was measured. */
export function plotOf(result: FigureResult): string | undefined {
  const measured = result.results.filter(({ measurements }) => measurements.length > 0);
  if (measured.length === 0) return undefined;
  const courses = measured.flatMap(({ contender, measurements }) => {
    const points = measurements[0]?.series ?? [];
    return points.length > 1 ? [{ name: contender.name, color: colorOf(contender, result), points }] : [];
  });
  const text = textOf(result);
  if (courses.length > 0) return linePlot(text, "minutes", courses);
  const medians = new Map(judge(result).map(({ contender, summary }) => [contender, summary.median]));
  const rows = measured.map(({ contender, measurements }) => ({
    name: contender.name,
    color: colorOf(contender, result),
    values: measurements.map(({ value }) => value),
    median: medians.get(contender) ?? Number.NaN,
    target: contender.target?.atMost,
  }));
  return dotPlot(text, rows);
}

/** The agent and the baseline look alike in all plots. */
function colorOf(contender: Contender, { figure }: FigureResult): Color {
  if (contender.name === "agent") return 0;
  if (contender.name === "baseline") return 3;
  return figure.contenders.indexOf(contender) === 1 ? 1 : 2;
}

function textOf(result: FigureResult): PlotText {
  const { title, unit } = result.figure;
  const medians = judge(result).map(
    ({ contender, summary }) => `${contender.name} ${formatValue(summary.median)} ${unit}`,
  );
  return { title, unit, description: `Medians: ${medians.join("; ")}.` };
}
