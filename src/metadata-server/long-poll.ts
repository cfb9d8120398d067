/** When a long poll is one, how long it waits, and what ends it early. */
import { isFields } from "./document.ts";

const DEFAULT_WAIT_SECONDS = 60;
const LONGEST_WAIT_SECONDS = 120;

/** A wait until the value differs from the one that the client has, as text. */
export interface LongPoll {
  readonly oldValue: string;
  /** Negative: the answer is due at once. */
  readonly maxWaitSeconds: number;
}

/** @returns undefined where the query does not ask to wait: it takes `wait=true`, just so, and a `value`. */
export function parseWait(query: URLSearchParams): LongPoll | undefined {
  const oldValue = query.get("value");
  if (query.get("wait") !== "true" || oldValue === null) return undefined;
  return { oldValue, maxWaitSeconds: parseMaxWait(query.get("maxWait") ?? "") };
}

function parseMaxWait(text: string): number {
  const seconds = /^[+-]?\d+$/.test(text) ? Number(text) : 0;
  return seconds === 0 ? DEFAULT_WAIT_SECONDS : Math.min(seconds, LONGEST_WAIT_SECONDS);
}

/** Whether `value` ends a wait. Objects and lists always do: as Go prints them, they equal nothing a client has. */
export function endsWait(value: unknown, oldValue: string): boolean {
  if (isFields(value) || Array.isArray(value)) return true;
  return (value === null ? "<nil>" : String(value)) !== oldValue;
}
