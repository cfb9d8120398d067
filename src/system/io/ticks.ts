/**
 * Wakes the process at common moments for what it does again and again.
 *
 * An idle agent spends most of its CPU time on waking up. Timers of the same period that were started at different moments
 * would wake it each for itself, so all of them share one timer, which is as rare as they allow. It does not keep the process
 * running.
 */

const SHORT_MS = 250;
/** A multiple of the short one. */
const LONG_MS = 1_000;

export type TickPeriodMs = typeof SHORT_MS | typeof LONG_MS;

interface Work {
  readonly periodMs: TickPeriodMs;
  readonly run: () => void;
  /** When it began, or ran last. */
  ranMs: number;
}

const works = new Set<Work>();
/** The time of the timer. A tick is common to both periods where this is a multiple of the long one. */
let ticksMs = 0;
let timer: { readonly periodMs: TickPeriodMs; readonly handle: NodeJS.Timeout } | undefined;

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
  if (timer === undefined || timer.periodMs > periodMs) startTimer(periodMs);
  return work;
}

function startTimer(periodMs: TickPeriodMs): void {
  if (periodMs === LONG_MS) ticksMs = 0; // each of its moments is a common one
  clearInterval(timer?.handle);
  timer = { periodMs, handle: setInterval(tick, periodMs, periodMs).unref() };
}

function tick(sinceMs: TickPeriodMs): void {
  ticksMs += sinceMs;
  const isCommonMoment = ticksMs % LONG_MS === 0;
  const nowMs = performance.now();
  // a copy, because a call may begin or end another one
  for (const work of [...works]) {
    if (work.periodMs === LONG_MS && !isCommonMoment && nowMs - work.ranMs < LONG_MS) continue;
    work.ranMs = nowMs;
    work.run();
  }
  // not at another moment: what is due then would be late
  const isRare = [...works].every(({ periodMs }) => periodMs === LONG_MS);
  if (isCommonMoment && isRare && timer?.periodMs === SHORT_MS) startTimer(LONG_MS);
}

function remove(work: Work): void {
  works.delete(work);
  if (works.size > 0) return;
  clearInterval(timer?.handle);
  timer = undefined;
}
