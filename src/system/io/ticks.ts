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
/** Done at the common moment that comes next, which may be 0.25 s earlier, and 0.75 s later where they have shifted. */
const RARE_MS = 5_000;

export type TickPeriodMs = typeof SHORT_MS | typeof LONG_MS | typeof RARE_MS;

/** Whether a pause of this length can be one of these periods. */
export function isTickPeriod(ms: number): ms is TickPeriodMs {
  return ms === SHORT_MS || ms === LONG_MS || ms === RARE_MS;
}

interface Work {
  readonly periodMs: TickPeriodMs;
  readonly run: () => void;
  /** When it began, or ran last. */
  ranMs: number;
}

const works = new Set<Work>();
/** The time of the timer. A tick is common to both periods where this is a multiple of the long one. */
let ticksMs = 0;
let timer: { readonly periodMs: TimerPeriodMs; readonly handle: NodeJS.Timeout } | undefined;

type TimerPeriodMs = typeof SHORT_MS | typeof LONG_MS;

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
    const waits = waitsUntil(signal);
    const end = () => {
      waits.delete(end);
      takeBack();
      resolve();
    };
    const takeBack = onNextTick(periodMs, end);
    waits.add(end);
  });
}

const waitsBySignal = new WeakMap<AbortSignal, Set<() => void>>();

/** What is called at the abort. All of them share one listener: adding one and removing it again costs more than a tick. */
function waitsUntil(signal: AbortSignal): Set<() => void> {
  const known = waitsBySignal.get(signal);
  if (known !== undefined) return known;
  const waits = new Set<() => void>();
  waitsBySignal.set(signal, waits);
  signal.addEventListener("abort", () => [...waits].forEach((end) => void end()), { once: true });
  return waits;
}

function add(periodMs: TickPeriodMs, run: () => void): Work {
  const work = { periodMs, run, ranMs: performance.now() };
  works.add(work);
  const wantedMs = periodMs === SHORT_MS ? SHORT_MS : LONG_MS;
  if (timer === undefined || timer.periodMs > wantedMs) startTimer(wantedMs);
  return work;
}

function startTimer(periodMs: TimerPeriodMs): void {
  if (periodMs === LONG_MS) ticksMs = 0; // each of its moments is a common one
  clearInterval(timer?.handle);
  timer = { periodMs, handle: setInterval(tick, periodMs, periodMs).unref() };
}

function tick(sinceMs: TimerPeriodMs): void {
  ticksMs += sinceMs;
  const isCommonMoment = ticksMs % LONG_MS === 0;
  const nowMs = performance.now();
  // a copy, because a call may begin or end another one
  for (const work of [...works]) {
    if (!isDue(work, nowMs, isCommonMoment)) continue;
    work.ranMs = nowMs;
    work.run();
  }
  // not at another moment: what is due then would be late
  const isRare = [...works].every(({ periodMs }) => periodMs !== SHORT_MS);
  if (isCommonMoment && isRare && timer?.periodMs === SHORT_MS) startTimer(LONG_MS);
}

function isDue({ periodMs, ranMs }: Work, nowMs: number, isCommonMoment: boolean): boolean {
  const ageMs = nowMs - ranMs;
  if (periodMs === SHORT_MS || ageMs >= periodMs) return true;
  return isCommonMoment && (periodMs === LONG_MS || ageMs + SHORT_MS >= periodMs);
}

function remove(work: Work): void {
  works.delete(work);
  if (works.size > 0) return;
  clearInterval(timer?.handle);
  timer = undefined;
}
