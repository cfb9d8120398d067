/**
 * Wakes the process at common moments for what it does again and again.
 *
 * An idle agent spends most of its CPU time on waking up. Timers of the same period that were started at different moments
 * would wake it each for itself, so all of them share one timer. It does not keep the process running.
 */

const TICK_MS = 250;

/** Multiples of the common period, ms. */
export type TickPeriodMs = 250 | 1_000;

interface Work {
  readonly periodMs: TickPeriodMs;
  readonly run: () => void;
  /** When it began, or ran last. */
  ranMs: number;
}

const works = new Set<Work>();
let ticks = 0;
let timer: NodeJS.Timeout | undefined;

/**
 * Calls `run` once in each period until the signal aborts. The first call comes within one period. `run` must not throw.
 *
 * After a time in which the process did not run, it is called once at once for all calls that were missed: others wait for
 * these beats.
 */
export function everyTick(periodMs: TickPeriodMs, run: () => void, signal: AbortSignal): void {
  if (signal.aborted) return;
  const work = add(periodMs, run);
  signal.addEventListener("abort", () => remove(work), { once: true });
}

/** Calls `run` once, within one period. @returns takes that back. */
export function onNextTick(periodMs: TickPeriodMs, run: () => void): () => void {
  const work = add(periodMs, () => {
    remove(work);
    run();
  });
  return () => remove(work);
}

/** Resolves within one period, at the abort at the latest. */
export function nextTick(periodMs: TickPeriodMs, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) return resolve();
    const end = () => {
      signal.removeEventListener("abort", end);
      takeBack();
      resolve();
    };
    const takeBack = onNextTick(periodMs, end);
    signal.addEventListener("abort", end, { once: true });
  });
}

function add(periodMs: TickPeriodMs, run: () => void): Work {
  const work = { periodMs, run, ranMs: performance.now() };
  works.add(work);
  timer ??= setInterval(tick, TICK_MS).unref();
  return work;
}

function tick(): void {
  ticks += 1;
  const nowMs = performance.now();
  // a copy, because a call may begin or end another one
  for (const work of [...works]) {
    const isCommonMoment = (ticks * TICK_MS) % work.periodMs === 0;
    if (!isCommonMoment && nowMs - work.ranMs < work.periodMs) continue;
    work.ranMs = nowMs;
    work.run();
  }
}

function remove(work: Work): void {
  works.delete(work);
  if (works.size > 0) return;
  clearInterval(timer);
  timer = undefined;
}
