/**
 * Each group of this host over all members: who owns it, who could take it over, and what is wrong with that.
 *
 * All members have the groups of one service. So a group that this host does not have is not believed: a program that
 * answers for a member could make up any number of groups in trouble, and push the real ones off the screen.
 */
import { noneSince, type OwnerStatus } from "../status/owner.ts";
import { compareNaturally } from "../text/natural-order.ts";
import type { ClusterGroup, ClusterMember, ClusterSpare, ClusterTrouble, MemberGroup } from "./cluster.ts";

/** What one member says, or this host hears, about who owns a group. */
interface Claim {
  readonly owner: OwnerStatus;
  /** The member that says this about itself; undefined for what this host hears. */
  readonly uuid: string | undefined;
  /** When it was true at the latest. */
  readonly asOf: string;
}

interface Place {
  readonly member: ClusterMember;
  readonly group: MemberGroup | undefined;
}

/** Addresses. */
export interface GroupPeers {
  readonly all: readonly string[];
  /** Those that metadata does not list. */
  readonly unlisted: readonly string[];
}

/**
 * @param members this host first.
 * @param peers this host's peers, by the name of the group.
 */
export function clusterGroups(
  members: readonly ClusterMember[],
  peers: ReadonlyMap<string, GroupPeers>,
  at: string,
): ClusterGroup[] {
  const [self] = members;
  const groups = (self?.groups ?? []).map(({ name }): ClusterGroup => {
    const group = clusterGroup(name, members, at);
    const { all = [], unlisted = [] } = peers.get(name) ?? {};
    const isOwnerPeer = all.includes(group.owner?.address ?? "") ? true : undefined;
    return { ...group, isOwnerPeer, unlistedPeers: unlisted.length === 0 ? undefined : unlisted };
  });
  const rank = ({ trouble }: ClusterGroup) => (trouble === undefined ? 2 : trouble.level === "bad" ? 0 : 1);
  return groups.toSorted((a, b) => rank(a) - rank(b) || compareNaturally(a.name, b.name));
}

function clusterGroup(
  name: string,
  members: readonly ClusterMember[],
  at: string,
): Omit<ClusterGroup, "isOwnerPeer" | "unlistedPeers"> {
  const places = members.map((member): Place => {
    return { member, group: member.groups.find((group) => group.name === name) };
  });
  const claims = claimsOf(places, at);
  const owner = ownerOf(claims) ?? hearsay(places, at);
  const noOwner = owner === undefined ? (places[0]?.group?.noOwner ?? firstNoOwner(places)) : undefined;
  const spares = sparesOf(places, owner);
  return {
    name,
    vips: vipsOf(places, owner),
    owner,
    noOwner,
    since: owner?.since ?? noOwner?.since,
    spares,
    trouble: troubleOf(name, { claims, owner, noOwner, spares, members }),
  };
}

/** What this host knows itself, and what the others report. Claims that a later one has overtaken are left out. */
function claimsOf(places: readonly Place[], at: string): Claim[] {
  const claims = places.flatMap(({ member, group }): Claim[] => {
    const owner = group?.owner;
    if (owner === undefined) return [];
    if (owner.isSelf && group?.state === "MASTER") {
      const { host, uuid, isSelf } = member;
      const named = { ...owner, host, uuid, address: owner.address ?? member.address, isSelf };
      return [{ owner: named, uuid, asOf: member.asOf ?? at }];
    }
    return member.isSelf ? [{ owner, uuid: undefined, asOf: at }] : [];
  });
  // a time after now comes from a clock that is ahead, and proves nothing
  const isOvertaken = (claim: Claim) =>
    claims.some(
      ({ owner, ...other }) =>
        !isSameOwner(claim, { owner, ...other }) && owner.since > claim.asOf && owner.since <= at,
    );
  return claims.filter((claim) => !isOvertaken(claim));
}

/** With multicast a host may send from an address that metadata does not list: then it is the one that says so. */
function isSameOwner(a: Claim, b: Claim): boolean {
  const [one, other] = [a.owner.uuid, b.owner.uuid];
  return one === undefined || other === undefined || one === other;
}

/** What this host knows itself comes first. The owner's own report adds its name, and since when it is owner. */
function ownerOf(claims: readonly Claim[]): OwnerStatus | undefined {
  const heard = claims.find(({ uuid, owner }) => uuid === undefined || owner.isSelf);
  if (heard === undefined || heard.owner.isSelf) return (heard ?? claims[0])?.owner;
  const ownWord = claims.find((claim) => claim.uuid !== undefined && isSameOwner(claim, heard));
  if (ownWord === undefined) return heard.owner;
  const { host, uuid, since } = ownWord.owner;
  return { ...heard.owner, host, uuid, since };
}

/**
 * The owner that other members hear, where neither this host nor the owner itself says anything: the last one heard. Its name
 * is that of metadata, as for every member.
 */
function hearsay(places: readonly Place[], at: string): OwnerStatus | undefined {
  const silent = new Map(
    places.flatMap(({ member }) => (member.reach === "answers" ? [] : [[member.uuid, member.host]])),
  );
  const heard = places.flatMap(({ member, group }): OwnerStatus[] => {
    const { owner } = group ?? {};
    const host = silent.get(owner?.uuid ?? "");
    return member.isSelf || owner === undefined || host === undefined
      ? []
      : [{ ...owner, host, isSelf: false }];
  });
  // a time after now is of a clock that is ahead
  const momentOf = ({ heardAt = "" }: OwnerStatus) => (heardAt > at ? "" : heardAt);
  return heard.toSorted((a, b) => (momentOf(a) < momentOf(b) ? 1 : -1))[0];
}

/** Since when another member hears none, in this host's words. */
function firstNoOwner(places: readonly Place[]): MemberGroup["noOwner"] {
  const told = places.find(({ group }) => group?.noOwner !== undefined)?.group?.noOwner;
  return told && noneSince(told.since);
}

/** This host's own where the group runs here: another member cannot add any. */
function vipsOf(places: readonly Place[], owner: OwnerStatus | undefined): readonly string[] {
  const own = places.filter(({ member }) => member.isSelf);
  const ofOwner = places.filter(({ member }) => owner?.uuid !== undefined && member.uuid === owner.uuid);
  const told = [...own, ...ofOwner, ...places].map(({ group }) => group?.vips ?? []);
  return told.find(({ length }) => length > 0) ?? [];
}

function sparesOf(places: readonly Place[], owner: OwnerStatus | undefined): ClusterSpare[] {
  const others = places.filter(
    ({ member, group }) => group?.state !== "MASTER" && (owner === undefined || member.uuid !== owner.uuid),
  );
  return others
    .map(({ member, group }): ClusterSpare => {
      const why = whyNot(member, group);
      const { host, uuid } = member;
      return { host, uuid, canTakeOver: why === undefined, why, priority: group?.priority };
    })
    .toSorted(
      (a, b) => Number(b.canTakeOver) - Number(a.canTakeOver) || (b.priority ?? 0) - (a.priority ?? 0),
    );
}

function whyNot(member: ClusterMember, group: MemberGroup | undefined): string | undefined {
  if (member.reach !== "answers") return `${member.reach.replace("-", " ")}: ${member.why}`;
  if (group === undefined) return "it has no such group";
  return group.reasons.length === 0 ? undefined : group.reasons.join("; ");
}

interface Judged extends Pick<ClusterGroup, "owner" | "noOwner" | "spares"> {
  readonly claims: readonly Claim[];
  readonly members: readonly ClusterMember[];
}

function troubleOf(
  name: string,
  { claims, owner, noOwner, spares, members }: Judged,
): ClusterTrouble | undefined {
  if (owner === undefined && noOwner === undefined)
    return {
      level: "warning",
      text: "owner not known: this host hears no adverts, and no member says that it owns",
    };
  if (owner === undefined) return { level: "bad", text: `no owner: ${noOwner?.text}` };
  const rivals = claims.filter((claim, index) =>
    claims.slice(0, index).every((one) => !isSameOwner(one, claim)),
  );
  if (rivals.length > 1) {
    const names = rivals.map((claim) => claim.owner.host ?? claim.owner.address ?? "an unknown host");
    return { level: "bad", text: `more than one owner: ${names.join(" and ")}` };
  }
  const suspicion = members
    .flatMap(({ host, problems }) => problems.map((problem) => ({ host, ...problem })))
    .find(({ part, message }) => part === "split-brain" && message.startsWith(`${name}: `));
  if (suspicion !== undefined)
    return {
      level: "bad",
      text: `${suspicion.host} suspects a second owner: ${suspicion.message.slice(`${name}: `.length)}`,
    };
  if (members.length > 1 && !spares.some(({ canTakeOver }) => canTakeOver))
    return { level: "warning", text: "no other host is known to be able to take over" };
  return undefined;
}
