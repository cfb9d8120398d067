/** Rung by whatever may change the Desired state; many rings while nobody listens are one. */
export interface Bell {
  ring(): void;
  /** Resolves at the next ring, at once if it rang since the last call, or when `signal` aborts. */
  rung(signal: AbortSignal): Promise<void>;
}

export function createBell(): Bell {
  let hasRung = false;
  let wake: (() => void) | undefined;
  const ring = () => {
    hasRung = true;
    wake?.();
  };
  return {
    ring,
    rung: async (signal) => {
      if (!hasRung && !signal.aborted) {
        await new Promise<void>((resolve) => {
          wake = resolve;
          signal.addEventListener("abort", () => resolve(), { once: true });
        });
      }
      wake = undefined;
      hasRung = false;
    },
  };
}
