/** Who needed how much: a bar from 0 to each one's median, and a dot for each round, so that the spread shows. */
import { formatValue } from "../format.ts";
import { type Color, escapeXml, type PlotText, pixels, svg, TOP, WIDTH } from "./svg.ts";
import { ticksTo } from "./ticks.ts";

const ROW_HEIGHT = 26;
const BOTTOM = 30;
const NAME_END = 240;
const LEFT = NAME_END + 12;
const RIGHT = WIDTH - 80;

export interface DotRow {
  readonly name: string;
  readonly color: Color;
  readonly values: readonly number[];
  readonly median: number;
  /** Drawn as a dashed mark. */
  readonly target: number | undefined;
}

export function dotPlot(text: PlotText, rows: readonly DotRow[]): string {
  const highest = Math.max(...rows.flatMap(({ values, target = 0 }) => [...values, target]));
  const ticks = ticksTo(highest > 0 ? highest : 1);
  const end = ticks.at(-1) ?? 1;
  const x = (value: number) => pixels(LEFT + ((RIGHT - LEFT) * value) / end);
  const bottom = TOP + rows.length * ROW_HEIGHT;
  const grid = ticks.flatMap((tick) => [
    `<line class="grid" x1="${x(tick)}" x2="${x(tick)}" y1="${TOP - 6}" y2="${bottom}"/>`,
    `<text class="middle faint" x="${x(tick)}" y="${bottom + 18}">${tick}</text>`,
  ]);
  return svg(text, bottom + BOTTOM, [...grid, ...rows.flatMap((row, index) => rowOf(row, index, x))]);
}

function rowOf(
  { name, color, values, median, target }: DotRow,
  index: number,
  x: (value: number) => number,
): string[] {
  const middle = TOP + (index + 0.5) * ROW_HEIGHT;
  const bar = `x="${LEFT}" y="${middle - 8}" width="${pixels(x(median) - LEFT)}" height="16"`;
  const marks = (target === undefined ? [] : [target]).map(
    (at) => `<line class="target" x1="${x(at)}" x2="${x(at)}" y1="${middle - 12}" y2="${middle + 12}"/>`,
  );
  return [
    `<text class="end" x="${NAME_END}" y="${middle + 4}">${escapeXml(name)}</text>`,
    `<rect class="bar color${color}" ${bar}/>`,
    ...values.map((value) => `<circle class="dot color${color}" cx="${x(value)}" cy="${middle}" r="3.5"/>`),
    ...marks,
    `<text x="${RIGHT + 14}" y="${middle + 4}">${formatValue(median)}</text>`,
  ];
}
