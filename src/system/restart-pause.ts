/** How a program that only listens came to its end, and how long it is left alone then. */

export interface ListenerEnd {
  /** There is no such program: another start would find none either. */
  readonly isMissing: boolean;
  /** What it said last, in one line. */
  readonly complaint: string;
  readonly durationMs: number;
}

/** Calls `listen` again and again, until there is nothing to listen with or nobody wants it any more. Never rejects. */
export type KeepListening = (listen: () => Promise<ListenerEnd>) => Promise<void>;

/** Pauses before another start, ms: from the first to the longest, and again from the first after a good run. */
export interface Pauses {
  readonly firstMs: number;
  readonly longestMs: number;
}

/** @param lastMs the pause before, undefined for none yet. */
export function nextPauseMs(
  { firstMs, longestMs }: Pauses,
  lastMs: number | undefined,
  { durationMs }: ListenerEnd,
): number {
  if (lastMs === undefined || durationMs > longestMs) return firstMs;
  return Math.min(2 * lastMs, longestMs);
}
