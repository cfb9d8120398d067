/** How long the former group may still have an owner, by what is heard of it. */
import type { Instance } from "../vrrp/instance.ts";
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
  UNHEARD_RECHECK_MS,
  USUAL_CHANGE_MS,
  WATCH_MS,
} from "./waits.ts";

/** What is heard of the former groups, whether this host listens now or not. */
interface HeardFormerGroups {
  readonly formerGroups: readonly Instance[];
  readonly heard: Omit<HeardAdverts, "listeningSinceMs" | "heardUntilMs">;
}

/** Whether another host owns the VIPs in the former group, by what was heard a moment ago. */
export function isFormerOwnerHeard(change: HeardFormerGroups, nowMs: number): boolean {
  const { formerOwner } = change.heard;
  if (formerOwner === undefined || lastReleaseMs(change.heard) !== undefined) return false;
  return nowMs - formerOwner.atMs < SILENT_INTERVALS * longestIntervalMs(change) + MARGIN_MS;
}

/** Whether a host stayed in the former group for longer than a change takes. It may own the VIPs there again after a fault. */
export function isFormerOwnerLate({ sinceMs, heard: { formerOwner } }: ChangeState): boolean {
  return formerOwner !== undefined && formerOwner.atMs - sinceMs >= USUAL_CHANGE_MS;
}

/** When the former group lost its owner, if the last thing heard of the group is that its owner released the VIPs. */
function lastReleaseMs({ formerOwner, releasedMs }: HeardFormerGroups["heard"]): number | undefined {
  const isOwnedAgain = releasedMs !== undefined && formerOwner !== undefined && formerOwner.atMs > releasedMs;
  return isOwnedAgain ? undefined : releasedMs;
}

/** How long the former group must still be silent until it certainly has no owner. */
export function remainingSilenceMs(change: ChangeState, nowMs: number): number {
  const unknownSourceMs = remainingUnknownSourceMs(change, nowMs);
  return isSourceChange(change) ? unknownSourceMs : Math.max(unknownSourceMs, silenceMs(change, nowMs));
}

function silenceMs(change: ChangeState, nowMs: number): number {
  const { heard, sinceMs, deafSinceMs = sinceMs } = change;
  const { listeningSinceMs, heardUntilMs = nowMs, formerOwner } = heard;
  const intervalMs = longestIntervalMs(change);
  // after a release the next owner comes within Skew_Time, else within Active_Down_Interval (RFC 9568 section 6.1)
  const releasedMs = lastReleaseMs(heard);
  if (releasedMs !== undefined)
    return releasedMs + intervalMs + MARGIN_MS + patienceMs(change, intervalMs) - nowMs;
  if (listeningSinceMs === undefined)
    return Math.max(sinceMs, deafSinceMs) + HOLD_WITHOUT_LISTENER_MS - nowMs;
  // silence counts from the beginning of this change, even where an earlier change made this host listen before
  const lastMs = Math.max(listeningSinceMs, sinceMs, formerOwner?.atMs ?? sinceMs);
  const endMs = lastMs + SILENT_INTERVALS * intervalMs + MARGIN_MS;
  if (endMs <= nowMs && heardUntilMs < endMs) return UNHEARD_RECHECK_MS;
  return endMs - nowMs;
}

/**
 * Two owners of different groups that give way to each other at once would be released, own and give way together, again and
 * again. So the one with the lower source waits until the other one must have been heard as owner.
 */
function patienceMs({ source, heard: { gaveWayTo } }: ChangeState, intervalMs: number): number {
  const isLower = gaveWayTo !== undefined && source !== undefined && source < gaveWayTo;
  return isLower ? SILENT_INTERVALS * intervalMs : 0;
}

/**
 * How long this host still believes that a former owner may own the VIPs: longer only if a machine answers for them. A host
 * that owns them believes no advert without such an answer: any machine in the network can forge one.
 */
export function remainingBeliefMs(change: ChangeState, nowMs: number): number {
  const { sinceMs, isOwner, isHeld, canAsk = false } = change;
  const unprovenMs = isOwner && !isHeld && canAsk ? Number.NEGATIVE_INFINITY : sinceMs + WATCH_MS;
  const believedMs = Math.max(unprovenMs, lastAnswerMs(change, nowMs) + ANSWER_MS);
  return Math.min(believedMs, sinceMs + LONGEST_HOLD_MS) - nowMs;
}

/**
 * The start of the silence. A host that is held back counts only time in which it listens: an answer that it could not hear, or
 * that was lost in a flood, says nothing. But no host believes its last answer longer than HOLD_WITHOUT_LISTENER_MS.
 */
function lastAnswerMs({ isHeld, heard }: ChangeState, nowMs: number): number {
  const { answeredMs, listeningSinceMs = nowMs } = heard;
  if (answeredMs === undefined) return Number.NEGATIVE_INFINITY;
  if (!isHeld) return answeredMs;
  return Math.min(Math.max(answeredMs, listeningSinceMs), answeredMs + HOLD_WITHOUT_LISTENER_MS);
}

/** The longest time between two adverts of a former owner: with VRRPv3 all hosts adopt the interval of the owner. */
function longestIntervalMs({ formerGroups, heard }: HeardFormerGroups): number {
  const own = formerGroups.map(({ advertIntervalSeconds }) => 1_000 * advertIntervalSeconds);
  return Math.max(...own, heard.formerOwner?.intervalMs ?? 0);
}
