/** What is generated in docs/design/performance.md, between its marks, and the plots beside it. */
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import type { Color } from "../plot/svg.ts";
import type { Growth } from "./growth.ts";
import { growthText } from "./growth-table.ts";
import { logPlot } from "./log-plot.ts";

const DOCUMENT = fileURLToPath(new URL("../../../docs/design/performance.md", import.meta.url));
const PLOTS = fileURLToPath(new URL("../../../docs/design/performance/", import.meta.url));

/** A part of the document that is measured and written at once. */
export type Part = "core" | "agent" | "upgrade" | "limits";

/** @throws {Error} where the document lacks the part's marks. */
export function writePart(part: Part, text: string): void {
  const document = readFileSync(DOCUMENT, "utf8");
  const marked = new RegExp(`(?<=<!-- ${part}:start -->\\n).*(?=<!-- ${part}:end -->)`, "s");
  if (!marked.test(document)) throw new Error(`docs/design/performance.md lacks the marks of ${part}`);
  writeFileSync(
    DOCUMENT,
    document.replace(marked, () => `\n${text}\n\n`),
  );
}

/** The growths of a part below one plot of their CPU time, and one of what they read. */
export function writeGrowths(part: Part, growths: readonly Growth[], about: string): void {
  mkdirSync(PLOTS, { recursive: true });
  const pictures = ["CPU a version", "read a version"].map((what) => writePlot(part, growths, what));
  writePart(part, [about, ...pictures, ...growths.map(growthText)].join("\n\n"));
}

function writePlot(part: Part, growths: readonly Growth[], what: string): string {
  const file = `${part}-${what.split(" ")[0]!.toLowerCase()}.svg`;
  const costs = growths.flatMap(({ unknown, costs: all }, index) => {
    const cost = all.find((one) => one.what === what);
    return cost === undefined ? [] : [{ ...cost, name: unknown, color: index as Color }];
  });
  const unit = costs[0]?.unit ?? "";
  const title = `${part === "core" ? "The core" : "The agent"}: ${what}`;
  const description = costs
    .map(
      ({ name, points }) =>
        `${name}: ${points.map(({ size, value }) => `${value.toPrecision(2)} at ${size}`).join(", ")}`,
    )
    .join("; ");
  writeFileSync(`${PLOTS}${file}`, logPlot({ title, unit, description }, "how many", costs));
  return `![${title}](performance/${file})`;
}
