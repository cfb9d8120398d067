/** How late timers of this process are at worst: the machine's other work, which delays what is measured, too. */
const TICK_MS = 20;

export class StallMeter {
  readonly #timer: NodeJS.Timeout;
  #worstMs = 0;
  #expectedMs = performance.now() + TICK_MS;

  constructor() {
    this.#timer = setInterval(() => this.#tick(), TICK_MS);
  }

  /** Milliseconds, since it was asked last. */
  take(): number {
    const worst = this.#worstMs;
    this.#worstMs = 0;
    return worst;
  }

  close(): void {
    clearInterval(this.#timer);
  }

  #tick(): void {
    const nowMs = performance.now();
    this.#worstMs = Math.max(this.#worstMs, nowMs - this.#expectedMs);
    this.#expectedMs = nowMs + TICK_MS;
  }
}
