/** Decides whether a request is a long poll, how long it waits, and which value ends the wait early. */
import { isObject } from "./document.ts";

const DEFAULT_WAIT_SECONDS = 60;
const LONGEST_WAIT_SECONDS = 120;

/** Waits until the value, as text, differs from `oldValue`, which the client already has. */
export interface LongPoll {
  readonly oldValue: string;
  /** If negative, the server answers at once. */
  readonly maxWaitSeconds: number;
}

/** @returns undefined unless the query has exactly `wait=true` and a `value`. */
export function parseLongPoll(query: URLSearchParams): LongPoll | undefined {
  const oldValue = query.get("value");
  if (query.get("wait") !== "true" || oldValue === null) return undefined;
  return { oldValue, maxWaitSeconds: parseMaxWait(query.get("maxWait") ?? "") };
}

function parseMaxWait(text: string): number {
  const seconds = /^[+-]?\d+$/.test(text) ? Number(text) : 0;
  return seconds === 0 ? DEFAULT_WAIT_SECONDS : Math.min(seconds, LONGEST_WAIT_SECONDS);
}

/**
 * Whether `value` ends a wait. Objects and lists with content always do, because Go's text of them never equals a client's
 * value. Empty ones are `map[]` and `[]` to Go.
 */
export function endsWait(value: unknown, oldValue: string): boolean {
  if (Array.isArray(value)) return value.length > 0 || oldValue !== "[]";
  if (isObject(value)) return Object.keys(value).length > 0 || oldValue !== "map[]";
  return (value === null ? "<nil>" : String(value)) !== oldValue;
}
