/**
 * Who is a member over time: added at once, dropped late.
 *
 * A peer that is dropped while it runs becomes a second owner. So a member leaves only when three things are true:
 * - It was missing from two readings in a row.
 * - The grace has passed since it was last listed and since its adverts were last heard.
 * - Its host runs no VRRP (`withoutStopped`). A backup is always silent, and metadata may forget a host that runs, so
 *   neither proves it. Adverts to a host that is gone cost nothing, so a doubtful member stays for hours.
 *
 * A host whose container is listed and does not run is a member, too: it may start before metadata says so.
 *
 * A host whose adverts are heard is a member although metadata does not list a container on it.
 */
import { byName } from "../text/by-name.ts";
import { formerGraceMs, leavesMs } from "./departure.ts";
import { addressInGroup, type Member, memberAddresses } from "./members.ts";
import type { Membership, MembershipEntry } from "./membership-entry.ts";

/** The parts of one reading of metadata that decide who is a member. */
export interface MembershipReading {
  /** Time of the reading, by the same monotonic clock in every call. */
  readonly nowMs: number;
  /** How long a member must be missing and silent before it is dropped. */
  readonly graceMs: number;
  /** Whether a host that the reading lacks counts as missing (`listsOwnContainer`). */
  readonly isComplete: boolean;
  /** Members whose containers are listed, and do not run (`listRestingMembers`). */
  readonly resting?: readonly Member[];
  /** The hosts that metadata lists, with a container of the service or without one. */
  readonly hostUuids?: ReadonlySet<string>;
}

/** The membership that begins with the members of an earlier run. */
export function rememberedMembership(members: readonly Member[]): Membership {
  return members.map((member) => ({ member, formerSinceMs: {}, phase: "listed" }));
}

/**
 * The membership after one more reading.
 *
 * If another member has the address of a missing one, it is the same machine under a new uuid, and the missing one
 * leaves at once. An address that a member no longer has stays a former one for the grace: that member may learn of its
 * new one last.
 *
 * @param listed the members of the reading (`listMembers`).
 */
export function updateMembership(
  before: Membership,
  listed: readonly Member[],
  reading: MembershipReading,
): Membership {
  const { nowMs, graceMs } = reading;
  const addresses = new Set(listed.flatMap(({ address }) => address ?? []));
  const isTaken = ({ address }: Member) => address !== undefined && addresses.has(address);
  const resting = (reading.resting ?? []).filter((member) => !isTaken(member));
  const listedUuids = new Set([...listed, ...resting].map(({ hostUuid }) => hostUuid));
  const entries = new Map(before.map((entry) => [entry.member.hostUuid, entry]));
  const owners = ownersByAddress(listed);
  const unlisted = before.flatMap((entry): MembershipEntry[] => {
    if (listedUuids.has(entry.member.hostUuid) || isTaken(entry.member)) return [];
    return missAgain(entry, reading);
  });
  const update = (member: Member, phase: "listed" | "resting"): MembershipEntry => {
    const entry = entries.get(member.hostUuid);
    if (entry !== undefined && entry.phase === phase && isUnchanged(entry, member)) return entry;
    const isFormer = ([address, sinceMs]: [string, number]) => {
      const isAnothers = owners.has(address) && owners.get(address) !== member;
      return !isAnothers && !isOnlyAddress(address, member) && nowMs - sinceMs < formerGraceMs(graceMs);
    };
    const lost = entry === undefined ? [] : lostAddresses(entry.member, member);
    const sinceMs = byName([
      ...lost.map((address) => [address, nowMs] as const),
      ...Object.entries(entry?.formerSinceMs ?? {}),
    ]);
    const formerSinceMs = byName(Object.entries(sinceMs).filter(isFormer));
    const formerAddresses = Object.keys(formerSinceMs).sort();
    const heardMs = entry?.heardMs;
    return { member: { ...member, formerAddresses }, formerSinceMs, heardMs, phase };
  };
  const present = listed.map((member) => update(member, "listed"));
  const rests = resting.map((member) => update(member, "resting"));
  return [...present, ...rests, ...unlisted].toSorted(byHostUuid);
}

/** The entry of a member that the reading lacks. Empty once it has left. */
function missAgain(entry: MembershipEntry, { nowMs, graceMs, isComplete, hostUuids }: MembershipReading) {
  if (!isComplete) return [entry];
  const { member, formerSinceMs, heardMs } = entry;
  const { sinceMs, readings } = entry.phase === "missing" ? entry : { sinceMs: nowMs, readings: 0 };
  const hasHost = hostUuids?.has(member.hostUuid) === true;
  const missing = { member, formerSinceMs, heardMs, phase: "missing", sinceMs, hasHost } as const;
  const hasLeft = readings + 1 >= 2 && nowMs >= leavesMs(missing, graceMs);
  return hasLeft ? [] : [{ ...missing, readings: readings + 1 }];
}

/** The membership after an advert of a host. The host becomes a member if it was not one. */
export function hearMember(
  membership: Membership,
  member: Member,
  nowMs: number,
  address?: string,
): Membership {
  const known = membership.some((entry) => entry.member.hostUuid === member.hostUuid);
  if (known)
    return membership.map((entry) =>
      entry.member.hostUuid === member.hostUuid
        ? { ...entry, heardMs: nowMs, formerSinceMs: heardFrom(entry, address, nowMs) }
        : entry,
    );
  const entry: MembershipEntry = {
    member,
    formerSinceMs: {},
    heardMs: nowMs,
    phase: "missing",
    sinceMs: nowMs,
    readings: 0,
    hasHost: false,
  };
  return [...membership, entry].toSorted(byHostUuid);
}

/** A former address that the member still sends from stays one: the grace counts from its last advert. */
function heardFrom({ formerSinceMs }: MembershipEntry, address: string | undefined, nowMs: number) {
  if (address === undefined || !Object.hasOwn(formerSinceMs, address)) return formerSinceMs;
  return byName([...Object.entries(formerSinceMs), [address, nowMs]]);
}

/** Whether an update with the listed member would change nothing: true for nearly every member of nearly every reading. */
function isUnchanged({ member: known, formerSinceMs }: MembershipEntry, listed: Member): boolean {
  if (Object.keys(formerSinceMs).length > 0) return false;
  return (
    known.hostName === listed.hostName &&
    known.address === listed.address &&
    known.formerAddresses.length === 0 &&
    haveSameValues(known.groupAddresses, listed.groupAddresses)
  );
}

function haveSameValues(a: Readonly<Record<string, string>>, b: Readonly<Record<string, string>>): boolean {
  const names = Object.keys(a);
  return (
    names.length === Object.keys(b).length &&
    names.every((name) => Object.hasOwn(b, name) && a[name] === b[name])
  );
}

/** The addresses to which some group no longer sends adverts. */
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
