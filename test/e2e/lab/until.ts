/** Waiting for a fact about the world that no event announces. */
import { setTimeout as sleep } from "node:timers/promises";

const POLL_MS = 10;

/**
 * The first truthy value of `condition`, asked every 10 ms.
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
    const value = await condition();
    if (value) return value;
    if (performance.now() > deadline) {
      throw new Error(`waited ${timeoutMs} ms in vain until ${what}; last seen: ${JSON.stringify(value)}`);
    }
    await sleep(POLL_MS);
  }
}
