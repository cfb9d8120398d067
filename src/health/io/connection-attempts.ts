/** The attempts of one probe that connects: it tries again at once after a failure, within the time limit of the probe. */
import { type ConnectionAttempt, concludeProbe } from "../connection-outcome.ts";
import type { ProbeOutcome } from "../probe-outcome.ts";

export interface AttemptOptions {
  /** The time limit of all attempts together. */
  readonly timeoutMs: number;
  readonly signal: AbortSignal;
}

/** What one attempt found. It ends early when its signal aborts, and never rejects. */
export type Attempt = (signal: AbortSignal) => Promise<Pick<ConnectionAttempt, "outcome" | "isResolving">>;

/** @throws the reason of the signal if that aborts, and nothing else. */
export async function probeByAttempts(
  attempt: Attempt,
  { timeoutMs, signal }: AttemptOptions,
): Promise<ProbeOutcome> {
  signal.throwIfAborted();
  const deadline = AbortSignal.timeout(timeoutMs);
  const over = AbortSignal.any([signal, deadline]);
  for (let count = 1; ; count++) {
    const found = await attempt(over);
    signal.throwIfAborted();
    const outcome = concludeProbe({ ...found, count, isLate: deadline.aborted, timeoutMs });
    if (outcome !== undefined) return outcome;
  }
}
