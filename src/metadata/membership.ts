/**
 * Who is a member over time: added at once, dropped late.
 *
 * A peer that is dropped while it runs becomes a second owner. So a member leaves only after it was missing from two
 * readings in a row and for a grace period, and is a member again once its adverts are heard. A dead host stays while
 * metadata lists it: VRRP copes with it, and metadata would be too late to help.
 */
import { addressInGroup, type Member, memberAddresses } from "./members.ts";

export type MembershipEntry = {
  readonly member: Member;
  /** Since when each former address is one, in ms of any monotonic clock. */
  readonly formerSinceMs: Readonly<Record<string, number>>;
} & (
  | { readonly phase: "listed" } // by the last reading, or by an earlier run
  | { readonly phase: "missing"; readonly sinceMs: number; readonly readings: number }
  | { readonly phase: "heard" } // it had left, and its adverts were heard: it stays until metadata lists it again
);

/** Sorted by host uuid. */
export type Membership = readonly MembershipEntry[];

/** The membership that begins with the members of an earlier run. */
export function rememberedMembership(members: readonly Member[]): Membership {
  return members.map((member) => ({ member, formerSinceMs: {}, phase: "listed" }));
}

/**
 * The membership after one more reading.
 *
 * A member that is missing while another has its address is the same machine under a new uuid, and leaves at once. An
 * address that a member no longer has stays a former one for the grace: that member may learn of its new one last.
 *
 * @param listed the members of the reading (`listMembers`).
 * @param isComplete whether a host that the reading lacks counts as missing (`listsOwnContainer`).
 * @param nowMs time of the reading, by the same monotonic clock in every call.
 * @param graceMs how long a member must be missing before it is dropped.
 */
export function updateMembership(
  before: Membership,
  listed: readonly Member[],
  { nowMs, graceMs, isComplete }: { nowMs: number; graceMs: number; isComplete: boolean },
): Membership {
  const listedUuids = new Set(listed.map(({ hostUuid }) => hostUuid));
  const addresses = new Set(listed.map(({ address }) => address));
  const entries = new Map(before.map((entry) => [entry.member.hostUuid, entry]));
  const owners = ownersByAddress(listed);
  const unlisted = before.flatMap((entry): MembershipEntry[] => {
    const { hostUuid, address } = entry.member;
    if (listedUuids.has(hostUuid) || (address !== undefined && addresses.has(address))) return [];
    if (!isComplete || entry.phase === "heard") return [entry];
    const { member, formerSinceMs } = entry;
    const { sinceMs, readings } = entry.phase === "missing" ? entry : { sinceMs: nowMs, readings: 0 };
    const hasLeft = readings + 1 >= 2 && nowMs - sinceMs >= graceMs;
    return hasLeft ? [] : [{ member, formerSinceMs, phase: "missing", sinceMs, readings: readings + 1 }];
  });
  const present = listed.map((member): MembershipEntry => {
    const entry = entries.get(member.hostUuid);
    if (entry !== undefined && isUnchanged(entry, member)) return entry;
    const isFormer = ([address, sinceMs]: [string, number]) => {
      const isAnothers = owners.has(address) && owners.get(address) !== member;
      return !isAnothers && !isOnlyAddress(address, member) && nowMs - sinceMs < graceMs;
    };
    const lost = entry === undefined ? [] : lostAddresses(entry.member, member);
    const sinceMs = {
      ...Object.fromEntries(lost.map((address) => [address, nowMs])),
      ...entry?.formerSinceMs,
    };
    const formerSinceMs = Object.fromEntries(Object.entries(sinceMs).filter(isFormer));
    const formerAddresses = Object.keys(formerSinceMs).sort();
    return { member: { ...member, formerAddresses }, formerSinceMs, phase: "listed" };
  });
  return [...present, ...unlisted].toSorted(byHostUuid);
}

/** Takes back a member that had left, because its adverts are received. */
export function readmitMember(membership: Membership, member: Member): Membership {
  return [...membership, { member, formerSinceMs: {}, phase: "heard" as const }].toSorted(byHostUuid);
}

/** When metadata must be read again so that a member or an address can be dropped; undefined where none can be. */
export function nextReadingMs(membership: Membership, graceMs: number): number | undefined {
  const sinceMs = membership.flatMap((entry) => [
    ...(entry.phase === "missing" ? [entry.sinceMs] : []),
    ...Object.values(entry.formerSinceMs),
  ]);
  return sinceMs.length === 0 ? undefined : Math.min(...sinceMs) + graceMs;
}

/** Whether an update with the listed member would change nothing: true for nearly every member of nearly every reading. */
function isUnchanged({ member: known, formerSinceMs, phase }: MembershipEntry, listed: Member): boolean {
  if (phase !== "listed" || Object.keys(formerSinceMs).length > 0) return false;
  return (
    known.hostName === listed.hostName &&
    known.address === listed.address &&
    known.formerAddresses.length === 0 &&
    haveSameValues(known.groupAddresses, listed.groupAddresses)
  );
}

function haveSameValues(a: Readonly<Record<string, string>>, b: Readonly<Record<string, string>>): boolean {
  const names = Object.keys(a);
  return names.length === Object.keys(b).length && names.every((name) => a[name] === b[name]);
}

/** The addresses that adverts of some group went to, and go to no longer. */
function lostAddresses(before: Member, now: Member): string[] {
  const groups = ["", ...Object.keys(before.groupAddresses), ...Object.keys(now.groupAddresses)];
  return groups.flatMap((group) => {
    const address = addressInGroup(group, before);
    return address === undefined || address === addressInGroup(group, now) ? [] : [address];
  });
}

/** The member that has each address; undefined for an address that several have. */
function ownersByAddress(members: readonly Member[]): ReadonlyMap<string, Member | undefined> {
  const owners = new Map<string, Member | undefined>();
  for (const member of members) {
    for (const address of memberAddresses(member)) {
      const isShared = owners.has(address) && owners.get(address) !== member;
      owners.set(address, isShared ? undefined : member);
    }
  }
  return owners;
}

function isOnlyAddress(address: string, member: Member): boolean {
  return memberAddresses(member).every((each) => each === address);
}

function byHostUuid(a: MembershipEntry, b: MembershipEntry): number {
  return a.member.hostUuid < b.member.hostUuid ? -1 : 1;
}
