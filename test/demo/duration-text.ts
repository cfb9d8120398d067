/** Milliseconds as a person reads them: `7 ms`, `430 ms`, `3.91 s`. */
export function durationText(ms: number): string {
  return ms < 999.5 ? `${Math.round(ms)} ms` : `${(ms / 1_000).toFixed(2)} s`;
}
