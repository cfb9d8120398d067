/** How long the agent did not run, and what a pause of that length means for the VIPs. The agent beats once a second. */

/** The watchdog takes the VIPs away after this time without a beat. */
export const FROZEN_MS = 5_000;

/**
 * A pause is told from this length on. In one of the whole container the VIPs moved: the lease ends after 1 s by default, and
 * other hosts miss the adverts before that. Shorter stalls are common on a busy host, and move nothing.
 */
const PAUSE_MS = 2_000;

/** @param silentMs since the last beat. @returns how long the agent did not run, ms; undefined if it is too short to report. */
export function pauseOf(silentMs: number): number | undefined {
  return silentMs >= PAUSE_MS ? Math.round(silentMs) : undefined;
}
