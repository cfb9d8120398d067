/** Costs over sizes on logarithmic axes: a dot for each measured point, and the law that they follow as a line. */
import { type Color, escapeXml, type PlotText, pixels, svg, TOP, WIDTH } from "../plot/svg.ts";
import { fitLaw } from "./fit.ts";
import type { Point } from "./growth.ts";

const HEIGHT = 360;
const BOTTOM = HEIGHT - 48;
const LEFT = 62;
const RIGHT = WIDTH - 190;
/** Of a law's line. */
const STEPS = 24;

export interface PlottedCost {
  readonly name: string;
  readonly color: Color;
  readonly points: readonly Point[];
}

/** @param xName what is written below the x axis. */
export function logPlot(text: PlotText, xName: string, costs: readonly PlottedCost[]): string {
  const points = costs.flatMap((cost) => cost.points);
  const x = axis(
    points.map(({ size }) => size),
    LEFT,
    RIGHT,
  );
  const y = axis(
    points.map(({ value }) => value),
    BOTTOM,
    TOP,
  );
  const grid = [
    ...y.ticks.flatMap((tick) => [
      `<line class="grid" x1="${LEFT}" x2="${RIGHT}" y1="${y.at(tick)}" y2="${y.at(tick)}"/>`,
      `<text class="end faint" x="${LEFT - 6}" y="${y.at(tick) + 4}">${tick}</text>`,
    ]),
    ...x.ticks.map(
      (tick) => `<text class="middle faint" x="${x.at(tick)}" y="${BOTTOM + 18}">${tick}</text>`,
    ),
    `<text class="middle faint" x="${(LEFT + RIGHT) / 2}" y="${BOTTOM + 38}">${escapeXml(xName)}</text>`,
  ];
  const lines = costs.flatMap((cost) => drawn(cost, x.at, y.at));
  return svg(text, HEIGHT, [...grid, ...lines]);
}

function drawn(
  { name, color, points }: PlottedCost,
  x: (value: number) => number,
  y: (value: number) => number,
): string[] {
  const sizes = points.map(({ size }) => size);
  const [lowest, highest] = [Math.min(...sizes), Math.max(...sizes)];
  const { at } = fitLaw(points);
  const line = Array.from({ length: STEPS + 1 }, (_, step) => lowest * (highest / lowest) ** (step / STEPS))
    .map((size) => `${x(size)},${y(at(size))}`)
    .join(" ");
  return [
    `<polyline class="line color${color}" points="${line}"/>`,
    ...points.map(
      ({ size, value }) => `<circle class="dot color${color}" cx="${x(size)}" cy="${y(value)}" r="4"/>`,
    ),
    `<text x="${x(highest) + 10}" y="${y(points.at(-1)?.value ?? 1) + 4}">${escapeXml(name)}</text>`,
  ];
}

/** From the power of ten below all values to the one above. */
function axis(values: readonly number[], from: number, to: number) {
  const lowest = Math.floor(Math.log10(Math.min(...values)));
  const highest = Math.max(lowest + 1, Math.ceil(Math.log10(Math.max(...values))));
  const at = (value: number) =>
    pixels(from + ((to - from) * (Math.log10(value) - lowest)) / (highest - lowest));
  const ticks = Array.from({ length: highest - lowest + 1 }, (_, index) =>
    Number((10 ** (lowest + index)).toPrecision(1)),
  );
  return { at, ticks };
}
