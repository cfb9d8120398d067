/** What one look at a check found, and how a failed connection counts. */
import type { Sample } from "./rise-fall.ts";

export interface CheckOutcome {
  readonly sample: Sample;
  /** For people: one short printable line, such as `200 OK` or `connection refused`. */
  readonly reason: string;
}

/** Room for a line of a script or of a server, in characters. */
const REASON_LIMIT = 160;

/** Text of others as one short printable line: it ends up in logs, in status and on terminals. */
export function quoteOthers(text: string): string {
  const printable = text.replaceAll(/[\s\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]+/gu, " ").trim();
  const characters = [...printable];
  return characters.length <= REASON_LIMIT ? printable : `${characters.slice(0, REASON_LIMIT - 1).join("")}…`;
}

/** An answer that did not come in time. */
export function timedOut(timeoutMs: number): CheckOutcome {
  return { sample: "unhealthy", reason: `no answer within ${timeoutMs} ms` };
}

/**
 * A host name without an address in time. Resolvers serve many hosts, and a silent one says nothing of the listener; the
 * system itself gives up (`EAI_AGAIN`) long after most looks have.
 */
export function unresolved(timeoutMs: number): CheckOutcome {
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
