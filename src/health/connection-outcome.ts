/** How a failed connection counts, and when a probe that connects (TCP, HTTP) has its outcome. */
import { type ProbeOutcome, timedOut } from "./probe-outcome.ts";

/** A probe connects this often at most, so that one lost packet or one aborted request does not count. */
const MAX_ATTEMPTS = 3;

/** What system error codes mean. Any other code is reported as it is. */
const MEANINGS: Readonly<Record<string, string>> = {
  ECONNREFUSED: "connection refused",
  ECONNRESET: "connection reset",
  EHOSTUNREACH: "host unreachable",
  ENETUNREACH: "network unreachable",
  ENOTFOUND: "host name not found",
  EPIPE: "connection reset",
  ETIMEDOUT: "no answer to the connection attempt",
};

/** Codes for a problem of this host or its resolver. They prove nothing about the other side. */
const LOCAL_PROBLEMS: readonly string[] = [
  "EMFILE",
  "ENFILE",
  "ENOBUFS",
  "ENOMEM",
  "EAI_AGAIN",
  "EAI_MEMORY",
];

/** @param error what the network threw. Only its `code` is reported, since messages can quote a URL with its secrets. */
export function judgeConnectionError(error: unknown): ProbeOutcome {
  const code = error instanceof Error && "code" in error ? String(error.code) : "";
  if (LOCAL_PROBLEMS.includes(code)) return { sample: "unknown", reason: `not asked: ${code}` };
  if (code.startsWith("HPE_")) return { sample: "unhealthy", reason: `answer is not HTTP (${code})` };
  return { sample: "unhealthy", reason: MEANINGS[code] ?? `connection failed${code && ` (${code})`}` };
}

/** One attempt of a probe to connect and get an answer. */
export interface ConnectionAttempt {
  readonly outcome: ProbeOutcome;
  /** A host name was still being resolved when the attempt ended. */
  readonly isResolving: boolean;
  /** The attempts of this probe so far, with this one. */
  readonly count: number;
  /** The time of the probe was over before the answer came. */
  readonly isLate: boolean;
  /** The time limit of the whole probe. */
  readonly timeoutMs: number;
}

/** The outcome of the probe. Undefined where it should try once more. */
export function concludeProbe(attempt: ConnectionAttempt): ProbeOutcome | undefined {
  const { outcome, count, isLate, isResolving, timeoutMs } = attempt;
  if (outcome.sample === "healthy") return outcome;
  if (isLate) return isResolving ? unresolved(timeoutMs) : timedOut(timeoutMs);
  return outcome.sample === "unknown" || count === MAX_ATTEMPTS ? outcome : undefined;
}

/**
 * Unknown, not unhealthy: many hosts share a resolver, and a silent one says nothing about the listener. The resolver's
 * own time-out (`EAI_AGAIN`) comes long after that of most probes.
 */
function unresolved(timeoutMs: number): ProbeOutcome {
  return { sample: "unknown", reason: `name not resolved within ${timeoutMs} ms` };
}
