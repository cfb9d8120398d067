/** What one probe found. */
import type { ProbeSample } from "./rise-fall.ts";

export interface ProbeOutcome {
  readonly sample: ProbeSample;
  /** For people: one short printable line, such as `200 OK` or `connection refused`. */
  readonly reason: string;
  /**
   * The check can never judge this host. It passes, because it must not keep the VIPs from every host, and is shown as
   * `unknown`.
   */
  readonly isNotJudged?: true;
  /** No probe is needed for this long, unless a verdict is being decided: a change would be reported. */
  readonly minPauseMs?: number;
  /** What an operator should read although the check is healthy. */
  readonly advice?: string;
}

/** The outcome of a probe without an answer in time. */
export function timedOut(timeoutMs: number): ProbeOutcome {
  return { sample: "unhealthy", reason: `no answer within ${timeoutMs} ms` };
}
