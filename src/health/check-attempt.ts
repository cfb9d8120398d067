/**
 * What a look at a listener comes to: one failure in three must not move a VIP, so a bad answer is asked for again at
 * once, for as long as the look has time.
 */
import { type CheckOutcome, timedOut, unresolved } from "./probe-outcome.ts";

/** In a look. */
const MOST_ATTEMPTS = 3;

export interface Attempt {
  readonly outcome: CheckOutcome;
  /** How many there were in this look, with this one. */
  readonly count: number;
  /** The time of the look was over before the answer. */
  readonly isLate: boolean;
  /** A host name was still being looked up at the end. */
  readonly isResolving: boolean;
  /** For all the attempts of a look. */
  readonly timeoutMs: number;
}

/** Undefined where it is to be asked again. */
export function concludeLook(attempt: Attempt): CheckOutcome | undefined {
  const { outcome, count, isLate, isResolving, timeoutMs } = attempt;
  if (outcome.sample === "healthy") return outcome;
  if (isLate) return isResolving ? unresolved(timeoutMs) : timedOut(timeoutMs);
  return outcome.sample === "unknown" || count === MOST_ATTEMPTS ? outcome : undefined;
}
