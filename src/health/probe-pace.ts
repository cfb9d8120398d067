/**
 * When a check is probed again.
 *
 * - While a fall is being decided, probes start `recheckMs` apart, counted from the end of the first bad one. So the length
 *   of a probe adds little to a fall. A slow one is followed by a rest of its own length, at most `recheckMs`: it is never
 *   run back to back, also on a busy machine.
 * - At any other time the pause begins at the end of a probe, because nothing waits for the next one.
 */
import { type CheckState, LEAST_SPACING, type ProbeTime, type RiseFall } from "./rise-fall.ts";

/** Times are of the clock of the probes. */
export interface NextProbe {
  /** Not before this, also where an event asks for a probe: a burst of events is not a burst of probes. */
  readonly earliestMs: number;
  /** At this time even without an event. */
  readonly dueMs: number;
}

/** @param last the time of the last probe, whose sample is part of the state. */
export function nextProbe({ streak }: CheckState, last: ProbeTime, pace: RiseFall): NextProbe {
  const { startedMs, endedMs } = last;
  const shorterMs = Math.min(pace.recheckMs, pace.intervalMs);
  if (streak?.sample !== "unhealthy") {
    return { earliestMs: endedMs + LEAST_SPACING * shorterMs, dueMs: endedMs + pace.intervalMs };
  }
  const restMs = Math.min(endedMs - startedMs, shorterMs);
  const dueMs = Math.max(Math.max(startedMs, streak.sinceMs) + shorterMs, endedMs + restMs);
  // an event makes it no earlier: a probe that narrowly does not decide would delay the one that does
  return { earliestMs: dueMs, dueMs };
}
