/**
 * A planned change of what makes a group one group on the wire: its first VIP, VRID, interface, source, version or
 * password. Hosts hear of it at different times, and two that differ are two groups, with two owners of one address.
 *
 * No host talks to another about it; each knows its turn by its own state and by what it hears:
 * 1. A host that backs the VIPs up changes at once, and is held back: it may not own them in the new group.
 * 2. The owner changes last. It goes on for as long as others may need to hear of the change.
 * 3. A host is held back until it hears an owner of the new group, or the former group has fallen silent.
 *
 * For a minute each of them goes on to listen: a host that hears of the change later than all others may own the VIPs as
 * before, and whoever hears that is held back again.
 *
 * A host that had to move to another source, as its former one is gone, is held back until an owner sends to the new one.
 *
 * So an address has its former owner, then for a moment nobody, then its next one. Where keepalived keeps an owner's
 * state over the change (a new first VIP or version: measured on 2.2.7) there is no such moment.
 */
import type { Instance } from "../vrrp/instance.ts";
import { isSameButForSource, isSameGroup, keepsOwnerState } from "../vrrp/same-group.ts";

/** For so long hosts may hear of a change one after the other, ms: 10 s, and the time to act on it. */
export const PATIENCE_MS = 12_000;
/** For so long from a change on, ms, hosts mind one that has not heard of it. */
const MINDING_MS = 60_000;
/** A host that cannot listen is held back for so long, ms: by then the owner has changed, too. */
const DEAF_PATIENCE_MS = 30_000;
/** An owner that begins anew begins in a hurry, s: it is owner again after three to four adverts. */
const HURRY_SECONDS = 0.05;
const MARGIN_MS = 50;

/** What is heard of a group while it changes; times in ms of any monotonic clock. */
export interface Heard {
  /** Since when each advert is heard; undefined: nobody listens. */
  readonly listeningSinceMs: number | undefined;
  /** The last advert of another host that owns the VIPs as before. */
  readonly former?: { readonly atMs: number; readonly source: string };
  /** The last word of an owner that let go (an advert with priority 0), or when this host itself did. */
  readonly farewellMs?: number;
  /** The first advert of another host that owns the VIPs in the new group. */
  readonly successorMs?: number;
}

export interface Change {
  /** What keepalived of this host runs. */
  readonly from: Instance;
  readonly to: Instance;
  /** What other hosts may still run; never empty. */
  readonly formers: readonly Instance[];
  readonly isMaster: boolean;
  readonly isHeld: boolean;
  /** Whether the interface and the source of `from` are still there. */
  readonly canStay: boolean;
  /** When the change became known, or the others could hear of it, if that is later. */
  readonly sinceMs: number;
  readonly heard: Heard;
}

export interface Step {
  /** What keepalived should run now. */
  readonly instance: Instance;
  /** Why this host may not own the VIPs yet. */
  readonly hold?: string;
  readonly isOver: boolean;
  /** This host has changed and is let go; it only listens. */
  readonly isMinding?: true;
  /** When to decide again, ms from now, even where nothing is heard. */
  readonly againMs?: number;
}

/** What the host does now about a change that is not over. */
export function nextStep(change: Change, nowMs: number): Step {
  const { from, to } = change;
  if (!isSameGroup(from, to) && !isHurried(from, to)) return beforeTheTurn(change, nowMs);
  const isContested = !isMoved(change) && isFormerHeard(change, nowMs);
  const hasSuccessor = change.heard.successorMs !== undefined && !isContested;
  const againMs = silenceMs(change, nowMs);
  if ((change.isHeld || isContested) && !hasSuccessor && againMs > 0) {
    // another has taken over as before: it will be the one in a hurry
    return { instance: isContested ? to : from, hold: reasonOf(change), isOver: false, againMs };
  }
  if (isHurried(from, to) && !change.isMaster && !hasSuccessor) {
    return { instance: from, isOver: false, againMs: 1_000 };
  }
  return minding(change, nowMs);
}

function minding(change: Change, nowMs: number): Step {
  const { to, sinceMs } = change;
  const restMs = sinceMs + MINDING_MS - nowMs;
  const isAlone = to.unicast?.isAlone === true;
  if (isMoved(change) || isAlone || restMs <= 0) return { instance: to, isOver: true };
  return { instance: to, isOver: false, isMinding: true, againMs: restMs };
}

/** Whether another host owned the VIPs as before a moment ago. */
function isFormerHeard({ heard, formers }: Change, nowMs: number): boolean {
  const { former, farewellMs } = heard;
  if (former === undefined || (farewellMs !== undefined && farewellMs >= former.atMs)) return false;
  return nowMs - former.atMs < 4 * intervalMsOf(formers) + MARGIN_MS;
}

function intervalMsOf(formers: readonly Instance[]): number {
  return 1_000 * Math.max(...formers.map((instance) => instance.advertIntervalSeconds));
}

function beforeTheTurn(change: Change, nowMs: number): Step {
  const { from, to, isMaster } = change;
  const isMove = isSameButForSource(from, to);
  const isAlone = from.unicast?.isAlone === true && to.unicast?.isAlone === true;
  const restMs = change.sinceMs + PATIENCE_MS - nowMs;
  if (change.canStay && !isAlone && restMs > 0 && (isMaster || isMove)) {
    return { instance: staying(from, to), isOver: false, againMs: restMs };
  }
  // others send to where this host was until they hear of its move, and it takes their silence for their end
  const isUnknown = isMove && !change.canStay && !isAlone;
  if (isMove && !isUnknown) return { instance: to, isOver: true };
  if (isMaster && keepsOwnerState(from, to)) return minding(change, nowMs);
  const hold = reasonOf(change);
  if (isUnknown) return { instance: to, hold, isOver: false, againMs: MARGIN_MS };
  return { instance: isMaster ? hurried(to) : to, hold, isOver: false, againMs: MARGIN_MS };
}

/** How long the former group has still to be silent until it has no owner for certain, ms. */
function silenceMs(change: Change, nowMs: number): number {
  const { formers, heard, sinceMs } = change;
  if (isMoved(change)) return sinceMs + PATIENCE_MS - nowMs;
  const { listeningSinceMs, former, farewellMs } = heard;
  const intervalMs = intervalMsOf(formers);
  // after a farewell the next owner comes within Skew_Time, else within Active_Down_Interval (RFC 9568 section 6.1)
  if (farewellMs !== undefined && farewellMs >= (former?.atMs ?? farewellMs)) {
    return farewellMs + intervalMs + MARGIN_MS - nowMs;
  }
  if (listeningSinceMs === undefined) return sinceMs + DEAF_PATIENCE_MS - nowMs;
  // who listened for an earlier change already has heard nothing of this one's former group before it began
  const lastMs = Math.max(listeningSinceMs, sinceMs, former?.atMs ?? sinceMs);
  return lastMs + 4 * intervalMs + MARGIN_MS - nowMs;
}

function reasonOf(change: Change): string {
  const { former } = change.heard;
  if (isMoved(change)) return "the other hosts may not know this host's new address yet";
  return former === undefined
    ? "the group changes, and its former owner may not have let go yet"
    : `the group changes, and ${former.source} owns its VIPs as before`;
}

function isMoved({ formers, to }: Change): boolean {
  return to.unicast?.isAlone === false && formers.every((former) => isSameButForSource(former, to));
}

/** The present group, with the peers of both: those that changed already still have to hear its owner. */
function staying(from: Instance, to: Instance): Instance {
  if (from.unicast === undefined || to.unicast === undefined) return from;
  const { source } = from.unicast;
  const both = [...from.unicast.peers, ...to.unicast.peers].filter(
    (peer) => peer !== source && peer !== to.unicast?.source,
  );
  const peers = [...new Set(both)].sort();
  if (peers.length === 0) return from;
  return { ...from, unicast: { source, peers, isAlone: false } };
}

/** What the owner runs in a planned change for one election, where it begins anew. */
export function hurried(to: Instance): Instance {
  return { ...to, vrrpVersion: 3, advertIntervalSeconds: HURRY_SECONDS, authPass: undefined };
}

function isHurried(from: Instance, to: Instance): boolean {
  const { vrrpVersion, advertIntervalSeconds } = hurried(to);
  const isInHurry = from.vrrpVersion === vrrpVersion && from.advertIntervalSeconds === advertIntervalSeconds;
  const isWanted = to.vrrpVersion === vrrpVersion && to.advertIntervalSeconds === advertIntervalSeconds;
  return isInHurry && !isWanted && isSameGroup(from, hurried(to));
}
