/**
 * The verdict of one check over time. Only several samples in a row change it, because rules are rewritten while they are
 * read, and a request may fail once.
 *
 * - From healthy to unhealthy: at least `fall` bad samples, and `fall` times `recheckMs` from the end of the first probe to
 *   the start of the last one. Probes start `recheckMs` apart, so the one after `fall` bad ones decides. A shorter outage
 *   changes nothing, however often it is probed, and however long a probe takes. By default that is 3 times 0.12 s.
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

/** When one probe began and ended. What it found was so at some moment in between. Times are of one monotonic clock. */
export interface ProbeTime {
  readonly startedMs: number;
  readonly endedMs: number;
}

/** Samples of one kind in a row that speak against the verdict. */
interface Streak {
  readonly sample: Verdict;
  readonly count: number;
  /** The end of the first probe. What it found began before that. */
  readonly sinceMs: number;
  /** The start of the last probe that was counted. */
  readonly countedMs: number;
}

export interface CheckState {
  /** Undefined before the first verdict, which counts as not healthy. */
  readonly verdict: Verdict | undefined;
  readonly streak?: Streak;
  readonly unknownSinceMs?: number;
}

export const NEVER_CHECKED: CheckState = { verdict: undefined };

/** Samples closer than this part of their usual spacing count once: events come in bursts, and timers fire a bit early. */
export const LEAST_SPACING = 0.9;

/** The state after one more sample. */
export function addSample(
  before: CheckState,
  sample: ProbeSample,
  time: ProbeTime,
  pace: RiseFall,
): CheckState {
  const nowMs = time.endedMs;
  const { verdict, unknownSinceMs = nowMs } = before;
  const streakBefore = nowMs - unknownSinceMs > fallMs(pace) ? undefined : before.streak;
  if (sample === "unknown") {
    const isLong = nowMs - unknownSinceMs >= pace.unknownGraceMs;
    const assumed = verdict ?? (isLong ? "healthy" : undefined);
    return { verdict: assumed, unknownSinceMs, ...(streakBefore && { streak: streakBefore }) };
  }
  if (sample === verdict) return { verdict };
  const streak = extend(streakBefore, sample, time, pace);
  const isDecided =
    (verdict === undefined && sample === "unhealthy") || isDecisive(streak, time.startedMs, pace);
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

function extend(
  before: Streak | undefined,
  sample: Verdict,
  { startedMs, endedMs }: ProbeTime,
  pace: RiseFall,
): Streak {
  if (before?.sample !== sample) return { sample, count: 1, sinceMs: endedMs, countedMs: startedMs };
  const spacingMs = LEAST_SPACING * (sample === "healthy" ? pace.intervalMs : pace.recheckMs);
  if (startedMs - before.countedMs < spacingMs) return before;
  return { ...before, count: before.count + 1, countedMs: startedMs };
}

function isDecisive({ sample, count, sinceMs }: Streak, startedMs: number, pace: RiseFall): boolean {
  if (sample === "healthy") return count >= pace.rise;
  return count >= pace.fall && startedMs - sinceMs >= fallMs(pace);
}

/** An outage shorter than this changes nothing. */
function fallMs({ fall, recheckMs }: RiseFall): number {
  return fall * recheckMs;
}
