/**
 * What a host does in a planned change, so that a VIP never has two owners.
 *
 * A planned change gives a group another first VIP, VRID, interface, source, version or password. Hosts learn of it at
 * different times, and hosts that differ are two groups with an owner each. They do not talk about it: each one knows its
 * turn from its own state and from the adverts that it hears.
 * 1. A host that backs the VIPs up changes at once and is held back: it may not own the VIPs in the new group yet.
 * 2. The owner changes last, when all others have had the time to learn of the change.
 * 3. A host is held back until it hears an owner of the new group, or until the former group has no owner.
 * 4. Every host listens for one more minute. It is held back again while a late host owns the VIPs in the former group.
 *
 * A host that lost its source is held back until an owner sends to its new source.
 *
 * Between its two owners a VIP has none for a moment. With a new first VIP or version there is no such moment: keepalived
 * keeps an owner's state (measured with 2.2.7).
 */
import type { Instance } from "../vrrp/instance.ts";
import { isSameButForSource, isSameGroup, keepsOwnerState } from "../vrrp/same-group.ts";

/** All hosts learn of a change within 10 s of each other. The rest is the time to act on it. */
export const PROPAGATION_MS = 12_000;
/**
 * Hosts that have changed listen for one that has not, until a change is this old. Then adverts alone do not count any
 * more: forged ones keep a VIP without an owner no longer.
 */
const WATCH_MS = 60_000;
/** A machine that has a VIP is asked for it again within this time. */
const ANSWER_MS = 4_000;
/** A host that cannot listen is held back this long: by then the owner has changed, too. */
const HOLD_WITHOUT_LISTENER_MS = 30_000;
/** An owner that begins anew uses this advert interval for one election: it owns again after three to four adverts. */
const ELECTION_INTERVAL_SECONDS = 0.05;
/** A backup that uses that interval checks this often whether the new group has an owner. */
const ELECTION_RECHECK_MS = 1_000;
/** Adverts and timers may be this late. */
const MARGIN_MS = 50;

export interface FormerOwner {
  readonly atMs: number;
  readonly source: string;
  /** The interval that its adverts name. With VRRPv3 it may differ from this host's own. */
  readonly intervalMs: number;
}

/** What is heard of a group while it changes. Times are of one monotonic clock. */
export interface HeardAdverts {
  /** Since when every advert is heard. Undefined while this host does not listen. */
  readonly listeningSinceMs: number | undefined;
  /** The last advert of another host that owns the VIPs in the former group. */
  readonly formerOwner?: FormerOwner;
  /** When another machine last answered for a VIP that both the former groups and the new one have. */
  readonly answeredMs?: number;
  /** When an owner of the former group, this host or another one, last released the VIPs. */
  readonly releasedMs?: number;
  /** The first advert of another host that owns the VIPs in the new group. */
  readonly newOwnerMs?: number;
}

/** A planned change as one host sees it when it decides. */
export interface ChangeState {
  /** What keepalived of this host runs. */
  readonly from: Instance;
  /** What it is to run in the end. */
  readonly to: Instance;
  /** What other hosts may still run. Never empty. */
  readonly formerGroups: readonly Instance[];
  readonly isOwner: boolean;
  /** Whether this host is held back now. */
  readonly isHeld: boolean;
  /** Whether the interface and the source of `from` still exist. */
  readonly canStay: boolean;
  /** When the change became known here or, if that is later, when the other hosts could first learn of it. */
  readonly sinceMs: number;
  readonly heard: HeardAdverts;
}

/** What this host does now: keepalived should run `instance`. With `recheckMs` it decides again after that time. */
export type Step = { readonly instance: Instance } & (
  | { readonly phase: "waiting"; readonly recheckMs: number } // runs what it ran until its turn comes
  | { readonly phase: "held"; readonly reason: string; readonly recheckMs: number } // may not own the VIPs yet
  | { readonly phase: "watching"; readonly recheckMs: number } // has changed; listens for a host that has not
  | { readonly phase: "done" }
);

/** What the host does now about a change that is not done. */
export function nextStep(change: ChangeState, nowMs: number): Step {
  const { from, to } = change;
  if (!isSameGroup(from, to) && !isInElection(from, to)) return stepBeforeChange(change, nowMs);
  const hasFormerOwner = !isSourceChange(change) && isFormerOwnerHeard(change, nowMs);
  const hasNewOwner = change.heard.newOwnerMs !== undefined && !hasFormerOwner;
  const recheckMs = Math.min(remainingSilenceMs(change, nowMs), remainingBeliefMs(change, nowMs));
  if ((change.isHeld || hasFormerOwner) && !hasNewOwner && recheckMs > 0) {
    // that owner changes later, and it is the one that uses the election interval then
    return { instance: hasFormerOwner ? to : from, phase: "held", reason: holdReason(change), recheckMs };
  }
  if (isInElection(from, to) && !change.isOwner && !hasNewOwner) {
    return { instance: from, phase: "waiting", recheckMs: ELECTION_RECHECK_MS };
  }
  return stepAfterChange(change, nowMs);
}

/** The step of a host that still runs the former group. */
function stepBeforeChange(change: ChangeState, nowMs: number): Step {
  const { from, to, isOwner } = change;
  const isNewSource = isSameButForSource(from, to);
  const isAlone = from.unicast?.isAlone === true && to.unicast?.isAlone === true;
  // the others may have come back to the new group before this owner left it: it gives way
  const hasNewOwner = change.heard.newOwnerMs !== undefined;
  const recheckMs = change.sinceMs + PROPAGATION_MS - nowMs;
  if (change.canStay && !isAlone && recheckMs > 0 && ((isOwner && !hasNewOwner) || isNewSource)) {
    return { instance: withPeersOfBoth(from, to), phase: "waiting", recheckMs };
  }
  // the others send to the lost source until they learn of the new one: their silence does not mean that they are gone
  const hasLostSource = isNewSource && !change.canStay && !isAlone;
  if (isNewSource && !hasLostSource) return { instance: to, phase: "done" };
  if (isOwner && !hasNewOwner && keepsOwnerState(from, to)) return stepAfterChange(change, nowMs);
  const instance = isOwner && !hasNewOwner && !hasLostSource ? forElection(to) : to;
  return { instance, phase: "held", reason: holdReason(change), recheckMs: MARGIN_MS };
}

/** The step of a host that has changed and is not held back. */
function stepAfterChange(change: ChangeState, nowMs: number): Step {
  const { to, sinceMs } = change;
  const recheckMs = sinceMs + WATCH_MS - nowMs;
  const isAlone = to.unicast?.isAlone === true;
  if (isSourceChange(change) || isAlone || recheckMs <= 0) return { instance: to, phase: "done" };
  return { instance: to, phase: "watching", recheckMs };
}

/** Whether another host owns the VIPs in the former group, by what was heard a moment ago. */
function isFormerOwnerHeard(change: ChangeState, nowMs: number): boolean {
  const { formerOwner } = change.heard;
  if (formerOwner === undefined || lastReleaseMs(change.heard) !== undefined) return false;
  return nowMs - formerOwner.atMs < 4 * longestIntervalMs(change) + MARGIN_MS;
}

/** When the former group lost its owner, if the last thing heard of the group is that its owner released the VIPs. */
function lastReleaseMs({ formerOwner, releasedMs }: HeardAdverts): number | undefined {
  const isOwnedAgain = releasedMs !== undefined && formerOwner !== undefined && formerOwner.atMs > releasedMs;
  return isOwnedAgain ? undefined : releasedMs;
}

/** How long the former group must still be silent until it certainly has no owner. */
function remainingSilenceMs(change: ChangeState, nowMs: number): number {
  const { heard, sinceMs } = change;
  if (isSourceChange(change)) return sinceMs + PROPAGATION_MS - nowMs;
  const { listeningSinceMs, formerOwner } = heard;
  const intervalMs = longestIntervalMs(change);
  // after a release the next owner comes within Skew_Time, else within Active_Down_Interval (RFC 9568 section 6.1)
  const releasedMs = lastReleaseMs(heard);
  if (releasedMs !== undefined) return releasedMs + intervalMs + MARGIN_MS - nowMs;
  if (listeningSinceMs === undefined) return sinceMs + HOLD_WITHOUT_LISTENER_MS - nowMs;
  // silence counts from the beginning of this change, even where an earlier change made this host listen before
  const lastMs = Math.max(listeningSinceMs, sinceMs, formerOwner?.atMs ?? sinceMs);
  return lastMs + 4 * intervalMs + MARGIN_MS - nowMs;
}

/** How long this host still believes that a former owner may own the VIPs: longer only if a machine answers for them. */
function remainingBeliefMs({ sinceMs, heard: { answeredMs } }: ChangeState, nowMs: number): number {
  const answerMs = answeredMs === undefined ? sinceMs : answeredMs + ANSWER_MS;
  return Math.max(sinceMs + WATCH_MS, answerMs) - nowMs;
}

/** The longest time between two adverts of a former owner: with VRRPv3 all hosts adopt the interval of the owner. */
function longestIntervalMs({ formerGroups, heard }: ChangeState): number {
  const own = formerGroups.map(({ advertIntervalSeconds }) => 1_000 * advertIntervalSeconds);
  return Math.max(...own, heard.formerOwner?.intervalMs ?? 0);
}

/** Why this host may not own the VIPs yet, in words for an operator. */
function holdReason(change: ChangeState): string {
  const { formerOwner } = change.heard;
  if (isSourceChange(change)) return "the other hosts may not know this host's new address yet";
  return formerOwner === undefined
    ? "the group changes, and its former owner may not have released the VIPs yet"
    : `the group changes, and ${formerOwner.source} owns its VIPs as before`;
}

/** Whether the group stays the same, and only this host sends from another source. */
function isSourceChange({ formerGroups, to }: ChangeState): boolean {
  return to.unicast?.isAlone === false && formerGroups.every((former) => isSameButForSource(former, to));
}

/** The group that runs, with the peers of both groups: hosts that have changed must still hear its owner. */
function withPeersOfBoth(from: Instance, to: Instance): Instance {
  if (from.unicast === undefined || to.unicast === undefined) return from;
  const { source } = from.unicast;
  const both = [...from.unicast.peers, ...to.unicast.peers].filter(
    (peer) => peer !== source && peer !== to.unicast?.source,
  );
  const peers = [...new Set(both)].sort();
  if (peers.length === 0) return from;
  return { ...from, unicast: { source, peers, isAlone: false } };
}

/** What an owner that begins anew runs for one election. */
export function forElection(to: Instance): Instance {
  return { ...to, vrrpVersion: 3, advertIntervalSeconds: ELECTION_INTERVAL_SECONDS, authPass: undefined };
}

/** Whether `from` is `to` for one election, and not what is wanted anyway. */
export function isInElection(from: Instance, to: Instance): boolean {
  const hasElectionTerms = ({ vrrpVersion, advertIntervalSeconds }: Instance) =>
    vrrpVersion === 3 && advertIntervalSeconds === ELECTION_INTERVAL_SECONDS;
  return hasElectionTerms(from) && !hasElectionTerms(to) && isSameGroup(from, forElection(to));
}
