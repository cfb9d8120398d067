/**
 * How many hosts ask a late owner before this host does. The backup that wins the election asks first, so that two backups do
 * not take over at once.
 */
import type { MemberPriority } from "../groups/member-priorities.ts";
import type { Instance } from "../vrrp/instance.ts";
import { bytesOfAddress, hexOf } from "../vrrp/packet.ts";

/** A larger group is not asked about: what the listener must know of it grows with its peers. */
const MAX_PEERS = 100;

/**
 * By each address that may be the owner's. Peers that metadata does not list come before this host, because their priority is
 * not known. Empty with multicast, where this host is alone, and in a group of more than 100 peers.
 */
export function placesOf(
  instance: Instance,
  members: readonly MemberPriority[],
): ReadonlyMap<string, number> {
  const { unicast, priority: own } = instance;
  if (unicast === undefined || unicast.isAlone || unicast.peers.length > MAX_PEERS) return new Map();
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

/** keepalived's rule between equal priorities. */
function isHigher(address: string, other: string): boolean {
  return hexOf(bytesOfAddress(address)) > hexOf(bytesOfAddress(other));
}
