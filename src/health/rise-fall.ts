/**
 * The verdict of one check over time: it changes on several samples in a row, and nothing else.
 *
 * Rules are rewritten while they are read and a request may fail once, so a single sample means little.
 * - From healthy to unhealthy: bad samples over at least `fall` times `recheckMs`, `fall` of them at the least. As they
 *   are `recheckMs` apart, it is the one after `fall` bad ones that decides. A gap that is shorter moves nothing, however
 *   often it was looked at: at the defaults for 3 times 0.12 s.
 * - To healthy: `rise` good samples, also the first time. Until then a check is not healthy.
 * - To unhealthy the first time: one bad sample, because there is nothing to lose yet.
 * - An unknown sample counts for neither and changes no verdict, however long it lasts: trouble that all hosts
 *   share must not take the VIP from all of them. After a grace it is reported. Samples in a row may have some of
 *   them in between, but for no longer than a fall takes: what was seen before that is no longer news.
 */

export type ProbeSample = "healthy" | "unhealthy" | "unknown";
export type Verdict = Exclude<ProbeSample, "unknown">;

/** Samples in a row; times in ms. */
export interface RiseFall {
  readonly rise: number;
  /** Bad ones that move nothing; the next one does. */
  readonly fall: number;
  /** Time between looks while nothing happens. */
  readonly intervalMs: number;
  /** Time between looks while a fall is being decided. */
  readonly recheckMs: number;
  /** How long the last verdict is reported while samples are unknown. */
  readonly unknownGraceMs: number;
}

/** Samples against the verdict, one kind in a row. */
interface Streak {
  readonly sample: Verdict;
  readonly count: number;
  readonly sinceMs: number;
  readonly countedMs: number;
}

/** Times are ms of any monotonic clock, the same in every call. */
export interface CheckState {
  /** Undefined before the first definite one; a host is as good as unhealthy then. */
  readonly verdict: Verdict | undefined;
  readonly streak?: Streak;
  readonly unknownSinceMs?: number;
}

export const NEVER_CHECKED: CheckState = { verdict: undefined };

/** Looks that are triggered by events come in bursts; timers fire a little early. Closer samples count once. */
const LEAST_SPACING = 0.9;

export function foldVerdict(
  before: CheckState,
  sample: ProbeSample,
  nowMs: number,
  pace: RiseFall,
): CheckState {
  const { verdict, unknownSinceMs = nowMs } = before;
  const kept = nowMs - unknownSinceMs > fallMs(pace) ? undefined : before.streak;
  if (sample === "unknown") return { verdict, unknownSinceMs, ...(kept && { streak: kept }) };
  if (sample === verdict) return { verdict };
  const streak = extend(kept, sample, nowMs, pace);
  const isDecided = (verdict === undefined && sample === "unhealthy") || isLong(streak, nowMs, pace);
  return isDecided ? { verdict: sample } : { verdict, streak };
}

/** What to tell people: `unknown` before the first verdict, and while no sample has been definite for the grace. */
export function reportedVerdict(state: CheckState, nowMs: number, pace: RiseFall): ProbeSample {
  return isLongUnknown(state, nowMs, pace) ? "unknown" : (state.verdict ?? "unknown");
}

/** Whether no sample has been definite for the grace. */
export function isLongUnknown(state: CheckState, nowMs: number, { unknownGraceMs }: RiseFall): boolean {
  return nowMs - (state.unknownSinceMs ?? nowMs) >= unknownGraceMs;
}

/** When to look again, ms from the last sample. */
export function nextProbeMs({ streak }: CheckState, { intervalMs, recheckMs }: RiseFall): number {
  return streak?.sample === "unhealthy" ? Math.min(recheckMs, intervalMs) : intervalMs;
}

function extend(before: Streak | undefined, sample: Verdict, nowMs: number, pace: RiseFall): Streak {
  if (before?.sample !== sample) return { sample, count: 1, sinceMs: nowMs, countedMs: nowMs };
  const spacingMs = LEAST_SPACING * (sample === "healthy" ? pace.intervalMs : pace.recheckMs);
  if (nowMs - before.countedMs < spacingMs) return before;
  return { ...before, count: before.count + 1, countedMs: nowMs };
}

function isLong({ sample, count, sinceMs }: Streak, nowMs: number, pace: RiseFall): boolean {
  if (sample === "healthy") return count >= pace.rise;
  return count >= pace.fall && nowMs - sinceMs >= fallMs(pace);
}

/** An outage shorter than this moves nothing. */
function fallMs({ fall, recheckMs }: RiseFall): number {
  return fall * recheckMs;
}
