/** Median, extremes and spread of what was measured. */
export interface Summary {
  readonly count: number;
  readonly median: number;
  readonly min: number;
  readonly max: number;
}

/** NaN for all but the count, where nothing was measured. */
export function summarize(values: readonly number[]): Summary {
  const sorted = values.toSorted((a, b) => a - b);
  const { length } = sorted;
  const at = (index: number) => sorted[index] ?? Number.NaN;
  const median = (at(Math.floor((length - 1) / 2)) + at(Math.ceil((length - 1) / 2))) / 2;
  return { count: length, median, min: at(0), max: at(length - 1) };
}
