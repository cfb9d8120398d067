/** The owner of each group, with its name: this host by keepalived's own state, any other one by its adverts on the wire. */
import type { InstanceStatus } from "../keepalived/instance-status.ts";
import type { MemberStatus } from "../metadata/member-status.ts";
import { membersByAddress } from "../metadata/members-by-address.ts";
import type { HeardOwner } from "../split-brain/heard-owners.ts";
import { hostText } from "../text/host-text.ts";
import { durationText, elapsedMs, timeOfDay } from "../text/instant.ts";

/** The host that owns a group's VIPs, as far as this host knows. Adverts are not authentic: it decides nothing. */
export interface OwnerStatus {
  /** Name of the host in Rancher. Undefined for an address that metadata does not list. */
  readonly host?: string | undefined;
  readonly uuid?: string | undefined;
  /** Source of its adverts. */
  readonly address?: string | undefined;
  readonly isSelf: boolean;
  /** ISO 8601: since when this host knows it as the owner. */
  readonly since: string;
  /** ISO 8601: its last advert, known to within 5 s. Undefined where `isSelf`: a host does not hear itself. */
  readonly heardAt?: string | undefined;
}

/** No owner is known. */
export interface NoOwner {
  /** ISO 8601: the last advert of an owner, or since when this host listens. */
  readonly since: string;
  /** `none heard since 03:14:07 UTC` */
  readonly text: string;
}

/** An instance, and who owns it. Neither `owner` nor `noOwner` is set before the agent has listened, and where it cannot listen. */
export interface GroupStatus extends InstanceStatus {
  readonly owner?: OwnerStatus | undefined;
  readonly noOwner?: NoOwner | undefined;
}

/** After the word `owner`, where nothing is known of it. */
export const OWNER_NOT_KNOWN = "not known: this host hears no adverts";

/** Whether this host cannot tell who owns the group, because it does not listen. Then there may be an owner or none. */
export function isOwnerUnknown({
  state,
  owner,
  noOwner,
}: Pick<GroupStatus, "state" | "owner" | "noOwner">): boolean {
  return state !== "MASTER" && owner === undefined && noOwner === undefined;
}

interface Names {
  readonly host: { readonly uuid: string; readonly name: string } | undefined;
  readonly members: readonly MemberStatus[];
}

/** What is heard of each group's owner, and on which interfaces this host hears anything. */
export interface Hearings {
  readonly hearings: ReadonlyMap<string, HeardOwner>;
  readonly listensOn: (interfaceName: string) => boolean;
}

/**
 * The instances with their owners. An instance without a hearing, as before the first configuration, stays as it is. So does
 * one that hears nothing because nobody listens: there may be an owner.
 */
export function withOwners(
  instances: readonly InstanceStatus[],
  { hearings, listensOn }: Hearings,
  names: Names,
): GroupStatus[] {
  return instances.map((instance) => {
    const hearing = hearings.get(instance.name);
    if (instance.state === "MASTER") return { ...instance, owner: ownOwner(instance, hearing, names) };
    if (!listensOn(instance.interface) && hearing?.phase !== "heard") return instance;
    // keepalived has just left the state MASTER, and the hearing does not know it yet
    if (hearing === undefined || hearing.phase === "own")
      return { ...instance, noOwner: noneSince(instance.since) };
    return hearing.phase === "silent"
      ? { ...instance, noOwner: noneSince(hearing.since) }
      : { ...instance, owner: ownerNamed(hearing, names) };
  });
}

/**
 * `node-2 (198.51.100.12) for 3 min`, `this host`, or why none is named. Not escaped. A peer without a name is one of
 * UNICAST_PEERS, which is the normal case without Rancher; any other address without a name is a stranger's.
 */
export function ownerText(
  {
    owner,
    noOwner,
    peers = [],
  }: Pick<GroupStatus, "owner" | "noOwner"> & Partial<Pick<GroupStatus, "peers">>,
  now: string,
): string | undefined {
  if (owner === undefined) return noOwner?.text;
  if (owner.isSelf) return "this host";
  const { host, address = "" } = owner;
  const unnamed = peers.includes(address) ? address : `${address}, whose host is not known,`;
  const name = host === undefined ? unnamed : hostText(address, host);
  return `${name} for ${durationText(elapsedMs(owner.since, now))}`;
}

function ownOwner(
  { source, since }: InstanceStatus,
  hearing: HeardOwner | undefined,
  { host }: Names,
): OwnerStatus {
  const address = source ?? (hearing?.phase === "own" ? hearing.address : undefined);
  return { host: host?.name, uuid: host?.uuid, address, isSelf: true, since, heardAt: undefined };
}

function ownerNamed(
  { address, since, heardAt }: Extract<HeardOwner, { phase: "heard" }>,
  { members }: Names,
): OwnerStatus {
  const member = membersByAddress(members).get(address);
  return { host: member?.host, uuid: member?.uuid, address, isSelf: false, since, heardAt };
}

/** @param since ISO 8601 */
export function noneSince(since: string): NoOwner {
  return { since, text: `none heard since ${timeOfDay(since)} UTC` };
}
