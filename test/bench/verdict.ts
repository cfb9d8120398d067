/** How a contender did: its figures, its ratio to the baseline, and whether that is what it was to reach. */
import type { Contender } from "./figure.ts";
import type { FigureResult } from "./runner.ts";
import { type Summary, summarize } from "./statistics.ts";

export interface Verdict {
  readonly contender: Contender;
  readonly summary: Summary;
  /** Of the medians; undefined for the baseline itself, and where there is none. */
  readonly ratio: number | undefined;
  /** Undefined where there is nothing to reach. */
  readonly isReached: boolean | undefined;
}

export function judge({ results }: FigureResult): Verdict[] {
  const summaries = results.map(({ measurements }) => summarize(measurements.map(({ value }) => value)));
  const baseline = summaries[results.findIndex(({ contender }) => contender.name === "baseline")];
  return results.map(({ contender }, index) => {
    const summary = summaries[index]!;
    const isCompared = baseline !== undefined && summary !== baseline;
    const ratio = isCompared ? summary.median / baseline.median : undefined;
    return { contender, summary, ratio, isReached: isReached(contender, summary, ratio) };
  });
}

function isReached(
  { target }: Contender,
  { median }: Summary,
  ratio: number | undefined,
): boolean | undefined {
  if (target === undefined) return undefined;
  const { atMost = Number.POSITIVE_INFINITY, ratio: highest } = target;
  return median <= atMost && (highest === undefined || (ratio !== undefined && ratio <= highest));
}
