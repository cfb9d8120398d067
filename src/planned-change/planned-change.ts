/** A planned change of one group on this host, and what the adverts of other hosts say about it. */
import { acceptsAdvert } from "../vrrp/accepted-advert.ts";
import type { Advert } from "../vrrp/advert.ts";
import { firstDifference } from "../vrrp/advert-difference.ts";
import { type Instance, vipsOf } from "../vrrp/instance.ts";
import { type Hearing, isFromMember } from "../vrrp/obeyed-advert.ts";
import { isSameGroup } from "../vrrp/same-group.ts";
import type { FormerOwner, HeardAdverts } from "./change-state.ts";
import { formerGroupFrom } from "./former-group.ts";
import { isFormerOwnerHeard } from "./former-owner.ts";
import type { Step } from "./step.ts";
import { WATCH_MS } from "./waits.ts";

export interface PlannedChange {
  to: Instance;
  /** What other hosts may still run. Empty if a later change led back to it. */
  formerGroups: readonly Instance[];
  /** When the change became known here or, if that is later, when the other hosts could first learn of it. */
  sinceMs: number;
  /** The same of the source of `to`. */
  sourceSinceMs: number;
  heard: Omit<HeardAdverts, "listeningSinceMs" | "heardUntilMs">;
  /** Whose adverts count. */
  hearing: Hearing;
  /** What the other groups of this host are and were. */
  otherGroups: readonly Instance[];
  progress: Progress;
  /** Since when this host does not listen, as its last step found. */
  deafSinceMs?: number | undefined;
  /** The MACs that the last adverts of an owner came from, in the new group and in a former one. */
  readonly ownerMacs: { ofNew?: string; ofFormer?: string };
  /** Whether the other hosts know this one by another address at its last step, or did at an earlier one. */
  listedElsewhere?: "now" | "before";
}

/** The last step of this host and whether it owned the VIPs then. Before its first step it is `begun`. */
export type Progress =
  | { readonly phase: "begun"; readonly isHeld: boolean }
  | (Step & { readonly wasOwner: boolean });

/** A machine answers for an address, or announces it. */
export interface VipAnswer {
  readonly interface: string;
  readonly address: string;
  readonly mac: string;
}

/** Forged adverts can name any number of groups. */
const MAX_FORMER_GROUPS = 16;
/** No advert counts before the addresses of this host are known. */
const DEAF: Hearing = { ownAddresses: new Set(), memberAddresses: new Set(), strangers: "none" };

/** @param isHeld whether another host may own the VIPs in a former group already. */
export function beginChange(
  to: Instance,
  formerGroups: readonly Instance[],
  isHeld: boolean,
  nowMs: number,
): PlannedChange {
  const progress = { phase: "begun", isHeld } as const;
  const [sinceMs, sourceSinceMs] = [nowMs, nowMs];
  const known = { heard: {}, hearing: DEAF, otherGroups: [], ownerMacs: {} };
  return { to, formerGroups, sinceMs, sourceSinceMs, progress, ...known };
}

/**
 * Sets the group that the change leads to. If that is another one than before, the change begins anew: hosts that have not
 * learned of the earlier change may still own the VIPs.
 *
 * @param from what keepalived of this host runs.
 */
export function redirectChange(change: PlannedChange, to: Instance, from: Instance, nowMs: number): void {
  if (!isSameGroup(change.to, to)) {
    const others = [...change.formerGroups, change.to, from].filter((former) => !isSameGroup(former, to));
    change.formerGroups = distinctGroups(others);
    [change.sinceMs, change.heard] = [nowMs, {}];
    if (change.to.unicast?.source !== to.unicast?.source) change.sourceSinceMs = nowMs;
  }
  change.to = to;
}

/** Adds groups that other hosts were found to run. The time of the change stays. */
export function joinFormerGroups(change: PlannedChange, found: readonly Instance[]): void {
  const others = found.filter((former) => !isSameGroup(former, change.to));
  change.formerGroups = distinctGroups([...change.formerGroups, ...others]);
}

/** The groups without duplicates. Each has the longest interval of its duplicates. */
export function distinctGroups(groups: readonly Instance[]): Instance[] {
  const first = groups.filter((one, index) => groups.findIndex((other) => isSameGroup(one, other)) === index);
  return first.map((one) => {
    const same = groups.filter((other) => isSameGroup(one, other));
    const longest = Math.max(...same.map(({ advertIntervalSeconds }) => advertIntervalSeconds));
    return longest === one.advertIntervalSeconds ? one : { ...one, advertIntervalSeconds: longest };
  });
}

/** Whether this host may not own the VIPs now. */
export function isHeldBack({ progress }: PlannedChange): boolean {
  return progress.phase === "held" || (progress.phase === "begun" && progress.isHeld);
}

/**
 * Notes what an advert says about the change. A member may own the VIPs in a group that this host never heard of: metadata
 * of this host skipped that version.
 *
 * @returns whether this host should decide again: it may be its turn.
 */
export function noteAdvert(change: PlannedChange, link: string, advert: Advert, atMs: number): boolean {
  const { to, formerGroups, heard } = change;
  if (!isFromMember([to, ...formerGroups], advert, change.hearing)) return false;
  const isOwner = advert.priority > 0;
  if (to.interface === link && acceptsAdvert(to, advert)) {
    // an owner that sends only to other hosts may not know this host
    const isForThisHost = to.unicast === undefined || advert.destination === to.unicast.source;
    if (!isOwner || !isForThisHost || heard.newOwnerMs !== undefined) return false;
    change.heard = { ...heard, newOwnerMs: atMs };
    return true;
  }
  if (!formerGroups.some((former) => former.interface === link && acceptsAdvert(former, advert))) {
    const found = formerGroupFrom(change, link, advert);
    if (found === undefined || formerGroups.length >= MAX_FORMER_GROUPS) return false;
    joinFormerGroups(change, [found]);
  }
  const isNews = isNewsOfFormerGroup(change, advert, atMs);
  change.heard = isOwner
    ? { ...heard, formerOwner: formerOwnerFrom(to, link, advert, atMs) }
    : { ...heard, releasedMs: atMs };
  return isNews;
}

/** A watching host decides once about a former owner that it ignores, until a machine answers for the VIPs. */
function isNewsOfFormerGroup(change: PlannedChange, { priority, source }: Advert, atMs: number): boolean {
  const { progress, sinceMs, heard } = change;
  const isWatching = progress.phase === "watching";
  if (isWatching && progress.ignored !== undefined) return false;
  if (isWatching && atMs - sinceMs >= WATCH_MS) return priority > 0;
  return priority === 0 || heard.formerOwner?.source !== source || isWatching;
}

function formerOwnerFrom(to: Instance, link: string, advert: Advert, atMs: number): FormerOwner {
  const { source, intervalSeconds } = advert;
  const difference = link === to.interface ? firstDifference(to, advert) : undefined;
  return { atMs, source, intervalMs: 1_000 * intervalSeconds, difference };
}

/**
 * The VIP that this host asks for while it is held back, or ignores a former owner: an answer says that the former owner has
 * it. Undefined if the former groups and the new one share none.
 */
export function contestedVip(change: PlannedChange): string | undefined {
  const { progress } = change;
  const asks = progress.phase === "held" || (progress.phase === "watching" && progress.ignored !== undefined);
  return asks ? sharedVip(change) : undefined;
}

/** A VIP that both the former groups and the new one have. */
export function sharedVip({
  to,
  formerGroups,
}: Pick<PlannedChange, "to" | "formerGroups">): string | undefined {
  const former = new Set(formerGroups.flatMap(vipsOf));
  return vipsOf(to).find((address) => former.has(address));
}

/** Notes which MAC the adverts of an owner come from. */
export function noteOwnerMac(change: PlannedChange, link: string, advert: Advert, mac: string): void {
  const { to, formerGroups, hearing, ownerMacs } = change;
  if (advert.priority === 0 || !isFromMember([to, ...formerGroups], advert, hearing)) return;
  const isOf = (one: Instance) => one.interface === link && acceptsAdvert(one, advert);
  if (isOf(to)) ownerMacs.ofNew = mac;
  else if (formerGroups.some(isOf)) ownerMacs.ofFormer = mac;
}

/**
 * Notes that another machine answers for an address, or announces it. The owner of the new group does so, too, which says
 * nothing about the former group.
 *
 * @returns whether this host should decide again.
 */
export function noteAnswer(
  change: PlannedChange,
  { interface: link, address, mac }: VipAnswer,
  atMs: number,
): boolean {
  const { progress, ownerMacs } = change;
  if (progress.phase !== "held" && progress.phase !== "watching") return false;
  if (change.to.interface !== link || address !== sharedVip(change)) return false;
  if (mac === ownerMacs.ofNew && mac !== ownerMacs.ofFormer) return false;
  change.heard = { ...change.heard, answeredMs: atMs };
  return progress.phase === "watching" && isFormerOwnerHeard(change, atMs);
}

/** Notes that the last step is in force: an owner that is held back has released the VIPs by then. */
export function noteInForce(change: PlannedChange, atMs: number): void {
  const { progress, heard } = change;
  if (progress.phase !== "held" || !progress.wasOwner) return;
  change.heard = { ...heard, releasedMs: atMs, gaveWayTo: heard.formerOwner?.source };
}
