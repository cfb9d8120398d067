/**
 * What a host does in a planned change, so that a VIP never has two owners.
 *
 * A planned change gives a group another first VIP, VRID, interface, source, version or password. Hosts learn of it at
 * different times, and hosts that differ are two groups with an owner each. They do not talk about it: each one knows its
 * turn from its own state and from the adverts that it hears.
 * 1. A host that backs the VIPs up changes at once and is held back: it may not own the VIPs in the new group yet.
 * 2. The owner changes last, when all others have had the time to learn of the change.
 * 3. A host is held back until it hears an owner of the new group, or until the former group has no owner.
 * 4. Every host listens for one more minute. It is held back again while a late host owns the VIPs in the former group. If that
 *    host was heard after the time that a change takes, it listens for a day: that host may be stuck, and come back.
 *
 * A host that lost its source is held back until an owner sends to its new source.
 *
 * Between its two owners a VIP has none for a moment. With a new first VIP or version there is no such moment: keepalived
 * keeps an owner's state (measured with 2.2.7).
 */
import type { Instance } from "../vrrp/instance.ts";
import { isSameButForSource, isSameGroup, keepsOwnerState } from "../vrrp/same-group.ts";
import { type ChangeState, type FormerOwner, isSourceChange } from "./change-state.ts";
import {
  isFormerOwnerHeard,
  isFormerOwnerLate,
  remainingBeliefMs,
  remainingSilenceMs,
} from "./former-owner.ts";
import { holdReason } from "./hold-reason.ts";
import { LONGEST_HOLD_MS, MARGIN_MS, PROPAGATION_MS, WATCH_MS } from "./waits.ts";

/** An owner that begins anew uses this advert interval for one election: it owns again after three to four adverts. */
const ELECTION_INTERVAL_SECONDS = 0.05;
/** A backup that uses that interval checks this often whether the new group has an owner. */
const ELECTION_RECHECK_MS = 1_000;
/** The minimum time between two checks whether an ignored owner is silent. */
const IGNORED_RECHECK_MS = 1_000;
/** What this host does now: keepalived should run `instance`. With `recheckMs` it decides again after that time. */
export type Step = { readonly instance: Instance } & (
  | { readonly phase: "waiting"; readonly recheckMs: number } // runs what it ran until its turn comes
  | { readonly phase: "held"; readonly reason: string; readonly recheckMs: number } // may not own the VIPs yet
  // has changed; listens for a host that has not. `ignored` is heard, but its adverts alone do not count any more
  | { readonly phase: "watching"; readonly recheckMs: number; readonly ignored?: FormerOwner }
  | { readonly phase: "done"; readonly ignored?: FormerOwner } // goes by VRRP alone, though that owner is heard
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
    return {
      instance: hasFormerOwner ? to : from,
      phase: "held",
      reason: holdReason(change, nowMs),
      recheckMs,
    };
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
  // the others send to the lost source until they learn of the new one, and one of them owns by then: no election is due
  const hasLostSource = !change.canStay && !isAlone;
  if (isNewSource && !hasLostSource) return stepAfterChange(change, nowMs);
  if (isOwner && !hasNewOwner && keepsOwnerState(from, to)) return stepAfterChange(change, nowMs);
  const instance = isOwner && !hasNewOwner && !hasLostSource ? forElection(to) : to;
  return { instance, phase: "held", reason: holdReason(change, nowMs), recheckMs: MARGIN_MS };
}

/** The step of a host that has changed and is not held back. */
function stepAfterChange(change: ChangeState, nowMs: number): Step {
  const { to, sinceMs } = change;
  const watchMs = sinceMs + (isFormerOwnerLate(change) ? LONGEST_HOLD_MS : WATCH_MS) - nowMs;
  const isAlone = to.unicast?.isAlone === true;
  const { formerOwner } = change.heard;
  const isIgnored = formerOwner !== undefined && isFormerOwnerHeard(change, nowMs);
  const ignored = isIgnored ? { ignored: formerOwner } : {};
  if (!isSourceChange(change) && !isAlone && watchMs > 0) {
    const soonMs = isIgnored ? Math.max(remainingSilenceMs(change, nowMs), IGNORED_RECHECK_MS) : WATCH_MS;
    return { instance: to, phase: "watching", recheckMs: Math.min(watchMs, soonMs), ...ignored };
  }
  return { instance: to, phase: "done", ...ignored };
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
