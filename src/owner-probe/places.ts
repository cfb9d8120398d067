/**
 * How many hosts ask a late owner before this host does. The backup that wins the election asks first, so that two backups do
 * not take over at once.
 */
import type { MemberPriority } from "../groups/member-priorities.ts";
import { familyOf } from "../network/address.ts";
import type { Instance } from "../vrrp/instance.ts";
import { bytesOfAddress, hexOf } from "../vrrp/packet.ts";

/** A larger group is not asked about: what the listener must know of it grows with its peers. */
const MAX_PEERS = 100;

/** What this host knows of a group whose adverts are multicast. */
export interface MulticastGroup {
  /** The address that metadata lists for this host. */
  readonly ownAddress: string | undefined;
  /** The owner that is heard. Metadata need not list the address that it sends from. */
  readonly heard: { readonly address: string; readonly priority: number } | undefined;
}

/**
 * By each address that may be the owner's. With unicast these are the peers. Those that metadata does not list come before
 * this host, because their priority is not known. Empty where this host is alone, and in a group of more than 100 peers.
 */
export function placesOf(
  instance: Instance,
  members: readonly MemberPriority[],
  multicast: MulticastGroup,
): ReadonlyMap<string, number> {
  const { unicast, priority: own } = instance;
  if (unicast === undefined) return multicastPlaces(instance, members, multicast);
  if (unicast.isAlone || unicast.peers.length > MAX_PEERS) return new Map();
  const { source, peers } = unicast;
  const listed = members.filter(({ addresses }) => addresses.some((address) => peers.includes(address)));
  const known = new Set(listed.flatMap(({ addresses }) => addresses));
  const contenders = [
    ...listed,
    ...peers.filter((peer) => !known.has(peer)).map((peer) => ({ addresses: [peer], priority: 255 })),
  ];
  const isBefore = ({ addresses, priority }: MemberPriority) =>
    priority > own || (priority === own && addresses.some((address) => isHigher(address, source)));
  const before = contenders.filter(isBefore);
  return new Map(
    peers.map((owner) => [owner, before.filter(({ addresses }) => !addresses.includes(owner)).length]),
  );
}

/**
 * With multicast: the members' addresses of the group's family, and the owner that is heard. It is counted as the member with
 * the same priority, because an owner does not ask.
 */
function multicastPlaces(
  { firstVip, priority: own }: Instance,
  members: readonly MemberPriority[],
  { ownAddress, heard }: MulticastGroup,
): ReadonlyMap<string, number> {
  if (members.length > MAX_PEERS) return new Map();
  const family = familyOf(firstVip.address);
  const isBefore = ({ addresses, priority }: MemberPriority) =>
    priority > own || (priority === own && !addresses.some((address) => isLower(address, ownAddress)));
  const before = members.filter(isBefore);
  const without = (owner: MemberPriority | undefined) => before.filter((member) => member !== owner).length;
  const places = new Map(
    members.flatMap((member) =>
      member.addresses
        .filter((address) => familyOf(address) === family)
        .map((address) => [address, without(member)] as const),
    ),
  );
  if (heard !== undefined && !places.has(heard.address))
    places.set(heard.address, without(before.find(({ priority }) => priority === heard.priority)));
  return places;
}

/** Whether both are of one family, and the first one is lower. */
function isLower(address: string, other: string | undefined): boolean {
  return other !== undefined && familyOf(address) === familyOf(other) && isHigher(other, address);
}

/**
 * How long a host waits for those that ask before it, in seconds. Each needs its window, and then keepalived's skew time before
 * it sends an advert. The own skew time is the longest of them.
 */
export function delaySeconds(place: number, instance: Instance, windowSeconds: number): number {
  return place * (windowSeconds + skewSeconds(instance));
}

/** RFC 9568, 6.1, and RFC 3768 for version 2. */
function skewSeconds({ vrrpVersion, priority, advertIntervalSeconds }: Instance): number {
  const whole = vrrpVersion === 2 ? 1 : advertIntervalSeconds;
  return (whole * (256 - priority)) / 256;
}

/** keepalived's rule between equal priorities. */
function isHigher(address: string, other: string): boolean {
  return hexOf(bytesOfAddress(address)) > hexOf(bytesOfAddress(other));
}
