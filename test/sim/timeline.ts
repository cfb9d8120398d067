/**
 * Simulated time. It goes in steps, so that agents that do the same do it at the same time and share what it costs to
 * compute; what falls into one step happens in the order in which it was planned.
 */
export const STEP_MS = 100;

export class Timeline {
  nowMs = 0;
  readonly #plans = new Map<number, (() => void)[]>();
  /** A binary heap: the steps that something is planned for, the earliest first. */
  readonly #steps: number[] = [];

  /** @param atMs rounded up to a step; what is past happens now. */
  at(atMs: number, happens: () => void): void {
    const step = Math.ceil(Math.max(atMs, this.nowMs) / STEP_MS);
    const plans = this.#plans.get(step);
    if (plans !== undefined) {
      plans.push(happens);
      return;
    }
    this.#plans.set(step, [happens]);
    this.#insert(step);
  }

  in(delayMs: number, happens: () => void): void {
    this.at(this.nowMs + delayMs, happens);
  }

  /** Until nothing is planned, or `isOver` says so. */
  run(isOver: () => boolean): void {
    for (let step = this.#take(); step !== undefined && !isOver(); step = this.#take()) {
      this.nowMs = step * STEP_MS;
      const plans = this.#plans.get(step) ?? [];
      // grows while it is walked, by what is planned for this very step
      for (let index = 0; index < plans.length; index += 1) plans[index]?.();
      this.#plans.delete(step);
    }
  }

  #insert(step: number): void {
    const steps = this.#steps;
    let at = steps.push(step) - 1;
    while (at > 0) {
      const parent = (at - 1) >> 1;
      if (steps[parent]! <= steps[at]!) return;
      [steps[parent], steps[at]] = [steps[at]!, steps[parent]!];
      at = parent;
    }
  }

  #take(): number | undefined {
    const steps = this.#steps;
    const [first] = steps;
    const last = steps.pop();
    if (first === undefined || last === undefined || steps.length === 0) return first;
    steps[0] = last;
    let at = 0;
    for (;;) {
      const child = 2 * at + 1;
      const smaller =
        (steps[child + 1] ?? Number.POSITIVE_INFINITY) < (steps[child] ?? 0) ? child + 1 : child;
      if (smaller >= steps.length || steps[at]! <= steps[smaller]!) return first;
      [steps[at], steps[smaller]] = [steps[smaller]!, steps[at]!];
      at = smaller;
    }
  }
}
