/**
 * The verdict of one check over time. Only several samples in a row change it, because rules are rewritten while they are
 * read, and a request may fail once.
 *
 * - From healthy to unhealthy: at least `fall` bad samples, over at least `fall` times `recheckMs`. Samples are
 *   `recheckMs` apart, so the one after `fall` bad ones decides. A shorter outage changes nothing, however often it is
 *   probed. By default that is 3 times 0.12 s.
 * - To healthy: `rise` good samples, also the first time. Until then a check is not healthy.
 * - To unhealthy the first time: one bad sample, because this host does not own the VIPs yet.
 * - An unknown sample never changes a verdict, because a problem that all hosts share must not take the VIP from all of
 *   them. After a grace period `unknown` is reported. A check that had no verdict yet counts as healthy from then on:
 *   otherwise no host would have the VIP after a restart of all hosts. Unknown samples may lie between samples in a
 *   row, but not for longer than a fall takes: older samples no longer count.
 */

export type ProbeSample = "healthy" | "unhealthy" | "unknown";
export type Verdict = Exclude<ProbeSample, "unknown">;

/** When samples in a row change the verdict, and how often the check is probed. */
export interface RiseFall {
  /** Good samples in a row that make an unhealthy check healthy. */
  readonly rise: number;
  /** Bad samples in a row that are tolerated. The next one makes a healthy check unhealthy. */
  readonly fall: number;
  /** Time between probes, except while a fall is being decided. */
  readonly intervalMs: number;
  /** Time between probes while a fall is being decided. */
  readonly recheckMs: number;
  /**
   * How long the last verdict is still reported while all samples are unknown, and how long the check waits for a first
   * one.
   */
  readonly unknownGraceMs: number;
}

/** Samples of one kind in a row that speak against the verdict. */
interface Streak {
  readonly sample: Verdict;
  readonly count: number;
  /** When the first one came. */
  readonly sinceMs: number;
  /** When the last one came that was counted. */
  readonly countedMs: number;
}

/** Times are of one monotonic clock. */
export interface CheckState {
  /** Undefined before the first verdict, which counts as not healthy. */
  readonly verdict: Verdict | undefined;
  readonly streak?: Streak;
  readonly unknownSinceMs?: number;
}

export const NEVER_CHECKED: CheckState = { verdict: undefined };

/** Samples closer than this part of their usual spacing count once: events come in bursts, and timers fire a bit early. */
const LEAST_SPACING = 0.9;

/** The state after one more sample. */
export function addSample(
  before: CheckState,
  sample: ProbeSample,
  nowMs: number,
  pace: RiseFall,
): CheckState {
  const { verdict, unknownSinceMs = nowMs } = before;
  const streakBefore = nowMs - unknownSinceMs > fallMs(pace) ? undefined : before.streak;
  if (sample === "unknown") {
    const isLong = nowMs - unknownSinceMs >= pace.unknownGraceMs;
    const assumed = verdict ?? (isLong ? "healthy" : undefined);
    return { verdict: assumed, unknownSinceMs, ...(streakBefore && { streak: streakBefore }) };
  }
  if (sample === verdict) return { verdict };
  const streak = extend(streakBefore, sample, nowMs, pace);
  const isDecided = (verdict === undefined && sample === "unhealthy") || isDecisive(streak, nowMs, pace);
  return isDecided ? { verdict: sample } : { verdict, streak };
}

/** The verdict as it is reported: `unknown` before the first verdict, and after the grace period of unknown samples. */
export function reportedVerdict(state: CheckState, nowMs: number, pace: RiseFall): ProbeSample {
  return isLongUnknown(state, nowMs, pace) ? "unknown" : (state.verdict ?? "unknown");
}

/** Whether all samples of the grace period were unknown. */
export function isLongUnknown(state: CheckState, nowMs: number, { unknownGraceMs }: RiseFall): boolean {
  return nowMs - (state.unknownSinceMs ?? nowMs) >= unknownGraceMs;
}

/** The time from the last sample to the next probe. */
export function nextProbeMs({ streak }: CheckState, { intervalMs, recheckMs }: RiseFall): number {
  return streak?.sample === "unhealthy" ? Math.min(recheckMs, intervalMs) : intervalMs;
}

/**
 * The least time from the last sample to a probe that an event asks for. While a fall is being decided it is the full time:
 * a sample that comes a little early could narrowly not decide, and the next one would come a whole `recheckMs` later.
 */
export function leastPauseMs({ streak }: CheckState, { intervalMs, recheckMs }: RiseFall): number {
  return Math.min(recheckMs, intervalMs) * (streak?.sample === "unhealthy" ? 1 : LEAST_SPACING);
}

function extend(before: Streak | undefined, sample: Verdict, nowMs: number, pace: RiseFall): Streak {
  if (before?.sample !== sample) return { sample, count: 1, sinceMs: nowMs, countedMs: nowMs };
  const spacingMs = LEAST_SPACING * (sample === "healthy" ? pace.intervalMs : pace.recheckMs);
  if (nowMs - before.countedMs < spacingMs) return before;
  return { ...before, count: before.count + 1, countedMs: nowMs };
}

function isDecisive({ sample, count, sinceMs }: Streak, nowMs: number, pace: RiseFall): boolean {
  if (sample === "healthy") return count >= pace.rise;
  return count >= pace.fall && nowMs - sinceMs >= fallMs(pace);
}

/** An outage shorter than this changes nothing. */
function fallMs({ fall, recheckMs }: RiseFall): number {
  return fall * recheckMs;
}
