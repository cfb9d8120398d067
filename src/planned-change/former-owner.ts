/** How long the former group may still have an owner, by what is heard of it. */
import {
  type ChangeState,
  type HeardAdverts,
  isSourceChange,
  remainingUnknownSourceMs,
} from "./change-state.ts";
import {
  ANSWER_MS,
  HOLD_WITHOUT_LISTENER_MS,
  LONGEST_HOLD_MS,
  MARGIN_MS,
  SILENT_INTERVALS,
  WATCH_MS,
} from "./waits.ts";

/** Whether another host owns the VIPs in the former group, by what was heard a moment ago. */
export function isFormerOwnerHeard(change: ChangeState, nowMs: number): boolean {
  const { formerOwner } = change.heard;
  if (formerOwner === undefined || lastReleaseMs(change.heard) !== undefined) return false;
  return nowMs - formerOwner.atMs < SILENT_INTERVALS * longestIntervalMs(change) + MARGIN_MS;
}

/** When the former group lost its owner, if the last thing heard of the group is that its owner released the VIPs. */
function lastReleaseMs({ formerOwner, releasedMs }: HeardAdverts): number | undefined {
  const isOwnedAgain = releasedMs !== undefined && formerOwner !== undefined && formerOwner.atMs > releasedMs;
  return isOwnedAgain ? undefined : releasedMs;
}

/** How long the former group must still be silent until it certainly has no owner. */
export function remainingSilenceMs(change: ChangeState, nowMs: number): number {
  const unknownSourceMs = remainingUnknownSourceMs(change, nowMs);
  return isSourceChange(change) ? unknownSourceMs : Math.max(unknownSourceMs, silenceMs(change, nowMs));
}

function silenceMs(change: ChangeState, nowMs: number): number {
  const { heard, sinceMs } = change;
  const { listeningSinceMs, formerOwner } = heard;
  const intervalMs = longestIntervalMs(change);
  // after a release the next owner comes within Skew_Time, else within Active_Down_Interval (RFC 9568 section 6.1)
  const releasedMs = lastReleaseMs(heard);
  if (releasedMs !== undefined) return releasedMs + intervalMs + MARGIN_MS - nowMs;
  if (listeningSinceMs === undefined) return sinceMs + HOLD_WITHOUT_LISTENER_MS - nowMs;
  // silence counts from the beginning of this change, even where an earlier change made this host listen before
  const lastMs = Math.max(listeningSinceMs, sinceMs, formerOwner?.atMs ?? sinceMs);
  return lastMs + SILENT_INTERVALS * intervalMs + MARGIN_MS - nowMs;
}

/** How long this host still believes that a former owner may own the VIPs: longer only if a machine answers for them. */
export function remainingBeliefMs({ sinceMs, heard: { answeredMs } }: ChangeState, nowMs: number): number {
  const answerMs = answeredMs === undefined ? sinceMs : answeredMs + ANSWER_MS;
  const believedMs = Math.max(sinceMs + WATCH_MS, answerMs);
  return Math.min(believedMs, sinceMs + LONGEST_HOLD_MS) - nowMs;
}

/** The longest time between two adverts of a former owner: with VRRPv3 all hosts adopt the interval of the owner. */
function longestIntervalMs({ formerGroups, heard }: ChangeState): number {
  const own = formerGroups.map(({ advertIntervalSeconds }) => 1_000 * advertIntervalSeconds);
  return Math.max(...own, heard.formerOwner?.intervalMs ?? 0);
}
