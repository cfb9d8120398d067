/** Waiting for a fact about the world that no event announces. */
import { setTimeout as sleep } from "node:timers/promises";

const SHORTEST_PAUSE_MS = 10;
/** A pause is so many times as long as the asking: whoever waits leaves the machine to those who are waited for. */
const PAUSE_FACTOR = 3;
/** And this part of the time waited so far: a fact that takes seconds is seen a few hundredths later. */
const PAUSE_SHARE = 0.04;
const LONGEST_PAUSE_MS = 200;

/**
 * The first truthy value of `condition`, asked every 10 ms at first, and less often later or where asking takes longer.
 *
 * @param what names the fact for the error, e.g. "h2 holds the VIP".
 * @throws {Error} after `timeoutMs`, naming the fact and the last value seen.
 */
export async function until<T>(
  condition: () => T | Promise<T>,
  timeoutMs: number,
  what: string,
): Promise<NonNullable<T>> {
  const startMs = performance.now();
  const deadline = startMs + timeoutMs;
  for (;;) {
    const askedMs = performance.now();
    const value = await condition();
    if (value) return value;
    if (performance.now() > deadline) {
      throw new Error(`waited ${timeoutMs} ms in vain until ${what}; last seen: ${JSON.stringify(value)}`);
    }
    const nowMs = performance.now();
    const pauseMs = Math.max(PAUSE_FACTOR * (nowMs - askedMs), PAUSE_SHARE * (nowMs - startMs));
    await sleep(Math.min(LONGEST_PAUSE_MS, Math.max(SHORTEST_PAUSE_MS, pauseMs)));
  }
}
