/** Pauses between tries that grow while the tries fail. */

export interface BackoffOptions {
  readonly firstMs: number;
  readonly longestMs: number;
  /**
   * A random number from 0 to 1 for each pause: the pause is lengthened by that share, so that hosts do not retry
   * together.
   */
  readonly random?: () => number;
}

export interface Backoff {
  /** The pause before the next try: the first one, then twice the last one each time, up to the longest. */
  nextMs(): number;
  /** The next pause is the first one again. */
  reset(): void;
}

export function createBackoff({ firstMs, longestMs, random = () => 0 }: BackoffOptions): Backoff {
  let pauseMs = firstMs;
  return {
    nextMs: () => {
      const nextMs = Math.min(Math.round((1 + random()) * pauseMs), longestMs);
      pauseMs = Math.min(2 * pauseMs, longestMs);
      return nextMs;
    },
    reset: () => {
      pauseMs = firstMs;
    },
  };
}
