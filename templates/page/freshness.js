// Whether what the page shows is current. The agent sends a word every 15 s at least, so silence says that it is gone.

/** After this time without a word from the agent, nothing on the page is current. */
export const SILENCE_MS = 20_000;
/** What the agent says of the other hosts is current for this long. */
export const CLUSTER_MS = 20_000;

/** One moment by two clocks: one stands still while a laptop sleeps, the other may be set back. */
export const momentNow = () => ({ wallMs: Date.now(), monotonicMs: performance.now() });

/** By the clock that says more. */
export function elapsedMs(from, to) {
  return Math.max(to.wallMs - from.wallMs, to.monotonicMs - from.monotonicMs);
}

/**
 * `connecting` before the first word, `live`, or `lost`: the connection is broken, or silent for 20 s.
 *
 * @param link when the agent was last heard, and whether the connection has broken since.
 */
export function phaseOf({ heard, isBroken, opened }, now) {
  if (heard === undefined) return isBroken || elapsedMs(opened, now) > SILENCE_MS ? "lost" : "connecting";
  return isBroken || elapsedMs(heard, now) > SILENCE_MS ? "lost" : "live";
}

/** How long to wait before the other hosts are asked again: with many, each question costs more. */
export function pollMs(members) {
  return Math.min(10_000, Math.max(3_000, members * 50));
}
