/** What one probe found. */
import type { ProbeSample } from "./rise-fall.ts";

export interface ProbeOutcome {
  readonly sample: ProbeSample;
  /** For people: one short printable line, such as `200 OK` or `connection refused`. */
  readonly reason: string;
  /** No probe is needed for this long, unless a verdict is being decided: a change would be reported. */
  readonly minPauseMs?: number;
}

/** The outcome of a probe without an answer in time. */
export function timedOut(timeoutMs: number): ProbeOutcome {
  return { sample: "unhealthy", reason: `no answer within ${timeoutMs} ms` };
}
