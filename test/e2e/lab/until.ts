/** Waiting for a fact about the world that no event announces. */
import { setTimeout as sleep } from "node:timers/promises";

const POLL_MS = 10;
/** A pause is so many times as long as the asking: whoever waits leaves the machine to those who are waited for. */
const PAUSE_FACTOR = 3;
const LONGEST_PAUSE_MS = 200;

/**
 * The first truthy value of `condition`, asked every 10 ms, or less often where asking takes longer.
 *
 * @param what names the fact for the error, e.g. "h2 holds the VIP".
 * @throws {Error} after `timeoutMs`, naming the fact and the last value seen.
 */
export async function until<T>(
  condition: () => T | Promise<T>,
  timeoutMs: number,
  what: string,
): Promise<NonNullable<T>> {
  const deadline = performance.now() + timeoutMs;
  for (;;) {
    const askedMs = performance.now();
    const value = await condition();
    if (value) return value;
    if (performance.now() > deadline) {
      throw new Error(`waited ${timeoutMs} ms in vain until ${what}; last seen: ${JSON.stringify(value)}`);
    }
    const pauseMs = PAUSE_FACTOR * (performance.now() - askedMs);
    await sleep(Math.min(LONGEST_PAUSE_MS, Math.max(POLL_MS, pauseMs)));
  }
}
