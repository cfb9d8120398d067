/**
 * Who the peers are, over time: added at once, dropped late.
 *
 * A peer that is missing from metadata may only be between two containers of an upgrade, or behind a metadata
 * service that just started; a peer that is dropped while it runs becomes a second owner, and metadata may be stuck
 * for days. So a member that is heard after it left is one again, and a member leaves only after it was missing in at least two readings in a row and for a grace in all. A dead host that is still
 * listed stays: VRRP copes with it, and metadata is too late to help.
 */
import { addressInGroup, type Member, memberAddresses } from "./members.ts";

export interface MembershipEntry {
  readonly member: Member;
  /** Of each former address: since when it is one, ms. */
  readonly formerSinceMs: Readonly<Record<string, number>>;
  /** Set while metadata does not list the member: since when (ms, any monotonic clock), in how many readings. */
  readonly missing?: { readonly sinceMs: number; readonly readings: number };
  /** It had left, and was heard all the same: to be missing is no reason to leave again, until metadata lists it. */
  readonly isHeard?: true;
}

/** By host uuid, sorted. */
export type Membership = readonly MembershipEntry[];

/** Addresses that adverts of some group went to, and go to no more. */
function addressesLeft(before: Member, now: Member): string[] {
  const groups = ["", ...Object.keys(before.groupAddresses), ...Object.keys(now.groupAddresses)];
  return groups.flatMap((group) => {
    const address = addressInGroup(group, before);
    return address === undefined || address === addressInGroup(group, now) ? [] : [address];
  });
}

function isOnlyAddress(address: string, member: Member): boolean {
  return memberAddresses(member).every((each) => each === address);
}

/** Who has each address, of all members: undefined for one that several have. */
function holdersOf(members: readonly Member[]): ReadonlyMap<string, Member | undefined> {
  const holders = new Map<string, Member | undefined>();
  for (const member of members) {
    for (const address of memberAddresses(member)) {
      const isAnothers = holders.has(address) && holders.get(address) !== member;
      holders.set(address, isAnothers ? undefined : member);
    }
  }
  return holders;
}

/**
 * Membership after one more reading.
 *
 * A member that is missing while another has its address is the same machine, registered anew, and leaves at once. An
 * address that a member no longer has is remembered for the grace: it may be the last to hear of it.
 *
 * @param listed the members of that reading (`listMembers`).
 * @param isComplete whether the reading says anything about who is gone (`listsOwnContainer`).
 * @param nowMs time of the reading, ms of the same clock in every call.
 * @param graceMs how long a member must be missing before it is dropped, ms.
 */
export function updateMembership(
  before: Membership,
  listed: readonly Member[],
  { nowMs, graceMs, isComplete }: { nowMs: number; graceMs: number; isComplete: boolean },
): Membership {
  const present = new Set(listed.map(({ hostUuid }) => hostUuid));
  const addresses = new Set(listed.map(({ address }) => address));
  const tenures = new Map(before.map((tenure) => [tenure.member.hostUuid, tenure]));
  const holders = holdersOf(listed);
  const stays = before.flatMap((tenure): MembershipEntry[] => {
    const { hostUuid, address } = tenure.member;
    if (present.has(hostUuid) || (address !== undefined && addresses.has(address))) return [];
    if (!isComplete || tenure.isHeard) return [tenure];
    const { member, formerSinceMs } = tenure;
    const missing = {
      sinceMs: tenure.missing?.sinceMs ?? nowMs,
      readings: (tenure.missing?.readings ?? 0) + 1,
    };
    const isOver = missing.readings >= 2 && nowMs - missing.sinceMs >= graceMs;
    return isOver ? [] : [{ member, formerSinceMs, missing }];
  });
  const comes = listed.map((member): MembershipEntry => {
    const isAnothers = (address: string) => holders.has(address) && holders.get(address) !== member;
    const isFormer = ([address, sinceMs]: [string, number]) =>
      !isAnothers(address) && !isOnlyAddress(address, member) && nowMs - sinceMs < graceMs;
    const tenure = tenures.get(member.hostUuid);
    if (tenure !== undefined && isAsListed(tenure, member)) return tenure;
    const had = tenure === undefined ? [] : addressesLeft(tenure.member, member);
    const sinceMs = {
      ...Object.fromEntries(had.map((address) => [address, nowMs])),
      ...tenure?.formerSinceMs,
    };
    const formerSinceMs = Object.fromEntries(Object.entries(sinceMs).filter(isFormer));
    return { member: { ...member, formerAddresses: Object.keys(formerSinceMs).sort() }, formerSinceMs };
  });
  return [...comes, ...stays].toSorted(byHostUuid);
}

/** Whether a tenure is already all that a reading with this member makes of it: so it is with nearly every one. */
function isAsListed(
  { member: known, formerSinceMs, missing, isHeard }: MembershipEntry,
  listed: Member,
): boolean {
  if (missing !== undefined || isHeard || Object.keys(formerSinceMs).length > 0) return false;
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

/** Membership with one again that had left, as far as metadata says, and is heard. */
export function readmitMember(membership: Membership, member: Member): Membership {
  return [...membership, { member, formerSinceMs: {}, isHeard: true as const }].toSorted(byHostUuid);
}

function byHostUuid(a: MembershipEntry, b: MembershipEntry): number {
  return a.member.hostUuid < b.member.hostUuid ? -1 : 1;
}

/** When metadata must be read again so that a member or an address can be dropped, or undefined where none waits. */
export function nextReadingMs(membership: Membership, graceMs: number): number | undefined {
  const due = membership.flatMap(({ missing, formerSinceMs }) =>
    [...(missing ? [missing.sinceMs] : []), ...Object.values(formerSinceMs)].map((ms) => ms + graceMs),
  );
  return due.length === 0 ? undefined : Math.min(...due);
}
