/** How something went over time: a line for each contender, y from 0 on. */
import { type Color, escapeXml, type PlotText, pixels, svg, TOP, WIDTH } from "./svg.ts";
import { ticksTo } from "./ticks.ts";

const HEIGHT = 320;
const BOTTOM = HEIGHT - 48;
const LEFT = 50;
const RIGHT = WIDTH - 210;

export interface LineRow {
  readonly name: string;
  readonly color: Color;
  readonly points: readonly (readonly [number, number])[];
}

/** @param xUnit what is written below the x axis, e.g. `minutes`. */
export function linePlot(text: PlotText, xUnit: string, rows: readonly LineRow[]): string {
  const points = rows.flatMap((row) => row.points);
  const xTicks = ticksTo(Math.max(...points.map(([x]) => x)));
  const yTicks = ticksTo(Math.max(...points.map(([, y]) => y)));
  const x = (value: number) => pixels(LEFT + ((RIGHT - LEFT) * value) / (xTicks.at(-1) ?? 1));
  const y = (value: number) => pixels(BOTTOM - ((BOTTOM - TOP) * value) / (yTicks.at(-1) ?? 1));
  const lines = rows.flatMap((row) => {
    const path = row.points.map(([px, py]) => `${x(px)},${y(py)}`).join(" ");
    const [, last] = row.points.at(-1) ?? [0, 0];
    return [
      `<polyline class="line color${row.color}" points="${path}"/>`,
      `<text x="${RIGHT + 8}" y="${y(last) + 4}">${escapeXml(row.name)}</text>`,
    ];
  });
  const yGrid = yTicks.flatMap((tick) => [
    `<line class="grid" x1="${LEFT}" x2="${RIGHT}" y1="${y(tick)}" y2="${y(tick)}"/>`,
    `<text class="end faint" x="${LEFT - 6}" y="${y(tick) + 4}">${tick}</text>`,
  ]);
  const xAxis = xTicks.map(
    (tick) => `<text class="middle faint" x="${x(tick)}" y="${BOTTOM + 18}">${tick}</text>`,
  );
  const xName = `<text class="middle faint" x="${(LEFT + RIGHT) / 2}" y="${BOTTOM + 38}">${escapeXml(xUnit)}</text>`;
  return svg(text, HEIGHT, [...yGrid, ...xAxis, xName, ...lines]);
}
