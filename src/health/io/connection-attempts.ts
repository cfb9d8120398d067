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
  const over = new AbortController();
  let isLate = false;
  const end = () => over.abort();
  // AbortSignal.timeout cannot be taken back: it would wake the process long after the answer, and abort for nobody
  const timer = setTimeout(() => {
    isLate = true;
    end();
  }, timeoutMs);
  signal.addEventListener("abort", end, { once: true });
  try {
    for (let count = 1; ; count++) {
      const found = await attempt(over.signal);
      signal.throwIfAborted();
      const outcome = concludeProbe({ ...found, count, isLate, timeoutMs });
      if (outcome !== undefined) return outcome;
    }
  } finally {
    clearTimeout(timer);
    signal.removeEventListener("abort", end);
  }
}
