/** Wakes one waiting loop. What fires while nothing waits is merged into one. */
import { onNextTick, type TickPeriodMs } from "./ticks.ts";

export interface Trigger {
  fire(): void;
  /** Fires after `delayMs` unless it fires earlier. A later call replaces the pending one. */
  fireIn(delayMs: number): void;
  /** The same within one period, together with all else that is done then. */
  fireAtTick(periodMs: TickPeriodMs): void;
  /**
   * Resolves when it fires, at once if it fired since the last wait, or after `timeoutMs`, or when the signal aborts.
   * Consumes the firing, so do not race it against another promise.
   *
   * @returns whether it fired. The abort fires it, too.
   */
  wait(timeoutMs?: number): Promise<boolean>;
}

export function createTrigger(signal: AbortSignal): Trigger {
  let hasFired = false;
  let wake: (() => void) | undefined;
  let takeBack = () => {};
  const plan = (next: () => () => void) => {
    takeBack();
    takeBack = () => {};
    if (!signal.aborted) takeBack = next();
  };
  const fire = () => {
    hasFired = true;
    takeBack();
    wake?.();
  };
  signal.addEventListener("abort", fire, { once: true });
  return {
    fire,
    fireIn: (delayMs) =>
      plan(() => {
        const timer = setTimeout(fire, delayMs);
        return () => clearTimeout(timer);
      }),
    fireAtTick: (periodMs) => plan(() => onNextTick(periodMs, fire)),
    wait: async (timeoutMs) => {
      let timeout: NodeJS.Timeout | undefined;
      if (!hasFired && !signal.aborted) {
        await new Promise<void>((resolve) => {
          wake = resolve;
          if (timeoutMs !== undefined) timeout = setTimeout(resolve, timeoutMs);
        });
      }
      clearTimeout(timeout);
      wake = undefined;
      const firedNow = hasFired || signal.aborted;
      hasFired = false;
      return firedNow;
    },
  };
}
