/** Rung by whatever may change the Desired state; many rings while nobody listens are one. */
export interface Bell {
  ring(): void;
  /** Rings after a time, ms, unless it rings before; a later call replaces an earlier one. */
  ringIn(delayMs: number): void;
  /**
   * Resolves at the next ring, at once if it rang since the last call, and always once the signal has aborted; with
   * `withinMs` after that time at the latest. Who waits takes the ring, so a wait is never to be left alone in a race.
   */
  rung(withinMs?: number): Promise<void>;
}

export function createBell(signal: AbortSignal): Bell {
  let hasRung = false;
  let wake: (() => void) | undefined;
  let timer: NodeJS.Timeout | undefined;
  const ring = () => {
    hasRung = true;
    clearTimeout(timer);
    wake?.();
  };
  signal.addEventListener("abort", ring, { once: true });
  return {
    ring,
    ringIn: (delayMs) => {
      clearTimeout(timer);
      if (!signal.aborted) timer = setTimeout(ring, delayMs);
    },
    rung: async (withinMs) => {
      let patience: NodeJS.Timeout | undefined;
      if (!hasRung && !signal.aborted) {
        await new Promise<void>((resolve) => {
          wake = resolve;
          if (withinMs !== undefined) patience = setTimeout(resolve, withinMs);
        });
      }
      clearTimeout(patience);
      wake = undefined;
      hasRung = false;
    },
  };
}
