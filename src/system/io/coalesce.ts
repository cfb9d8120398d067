/** Turns bursts of calls into few. */

/**
 * Calls `act` at once, then at most once in `windowMs`, and a last time after the last call of a burst. Not after the
 * abort.
 */
export function coalesce(act: () => void, windowMs: number, signal: AbortSignal): () => void {
  let timer: NodeJS.Timeout | undefined;
  let isDue = false;
  const call = () => {
    if (signal.aborted) return;
    isDue = timer !== undefined;
    if (isDue) return;
    timer = setTimeout(() => {
      timer = undefined;
      if (isDue) call();
    }, windowMs);
    act();
  };
  signal.addEventListener("abort", () => clearTimeout(timer), { once: true });
  return call;
}
