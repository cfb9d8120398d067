/** What one look at a check found, and how a failed connection counts. */
import type { Sample } from "./rise-fall.ts";

export interface CheckOutcome {
  readonly sample: Sample;
  /** For people: one short printable line, such as `200 OK` or `connection refused`. */
  readonly reason: string;
}

/** An answer that did not come in time. */
export function timedOut(timeoutMs: number): CheckOutcome {
  return { sample: "unhealthy", reason: `no answer within ${timeoutMs} ms` };
}

/**
 * A host name without an address in time. Resolvers serve many hosts, and a silent one says nothing of the listener; the
 * system itself gives up (`EAI_AGAIN`) long after most looks have.
 */
function unresolved(timeoutMs: number): CheckOutcome {
  return { sample: "unknown", reason: `name not resolved within ${timeoutMs} ms` };
}

/** System error codes in words; any other code speaks for itself. */
const WORDS: Readonly<Record<string, string>> = {
  ECONNREFUSED: "connection refused",
  ECONNRESET: "connection reset",
  EHOSTUNREACH: "host unreachable",
  ENETUNREACH: "network unreachable",
  ENOTFOUND: "host name not found",
  EPIPE: "connection reset",
  ETIMEDOUT: "no answer to the connection attempt",
};

/** This host has run out of something, or its resolver is silent: nothing is known about the other side then. */
const OWN_TROUBLES: readonly string[] = ["EMFILE", "ENFILE", "ENOBUFS", "ENOMEM", "EAI_AGAIN", "EAI_MEMORY"];

/**
 * How a failed connection counts.
 *
 * @param error what the network threw; only its `code` is told, since messages can quote a URL with its secrets.
 */
export function judgeConnectionError(error: unknown): CheckOutcome {
  const code = error instanceof Error && "code" in error ? String(error.code) : "";
  if (OWN_TROUBLES.includes(code)) return { sample: "unknown", reason: `not asked: ${code}` };
  if (code.startsWith("HPE_")) return { sample: "unhealthy", reason: `answer is not HTTP (${code})` };
  return { sample: "unhealthy", reason: WORDS[code] ?? `connection failed${code && ` (${code})`}` };
}

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
