/** Growths as Markdown: what was measured at each size, and below the law that it follows. */
import { formatValue } from "../format.ts";
import { fitLaw } from "./fit.ts";
import type { Cost, Growth } from "./growth.ts";

export function growthText({ title, unknown, how, costs }: Growth): string {
  return [`### ${title}`, how, growthTable(unknown, costs)].join("\n\n");
}

function growthTable(unknown: string, costs: readonly Cost[]): string {
  const [{ points: first } = { points: [] }] = costs;
  const fits = costs.map(({ points }) => fitLaw(points));
  return [
    [unknown, ...costs.map(({ what, unit }) => (unit === "" ? what : `${what}, ${unit}`))],
    ["---:", ...costs.map(() => "---:")],
    ...first.map(({ size }, row) => [
      String(size),
      ...costs.map(({ points }) => formatValue(points[row]?.value ?? Number.NaN)),
    ]),
    ["law", ...fits.map(({ law }) => law)],
    ["residual", ...fits.map(({ residual }) => `${formatValue(100 * residual)} %`)],
  ]
    .map((cells) => `| ${cells.join(" | ")} |`)
    .join("\n");
}
