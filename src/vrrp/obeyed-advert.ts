/**
 * What an advert on the wire may mean to this host. This is the one place that decides whose adverts count: for the
 * hold of a group that begins, for a planned change, for members that are found by their adverts, and for the
 * split-brain check.
 *
 * An advert that is obeyed is direct, and its sender is a peer or a member. If this host cannot know from which
 * addresses members send, any neighbour's advert counts that names one of the group's VIPs: the VRID alone may belong
 * to another router. Any other advert can be shown, but moves nothing. The agent is no less strict than keepalived.
 */
import { acceptsAdvert, isMulticast } from "./accepted-advert.ts";
import type { Advert } from "./advert.ts";
import { type Instance, vipsOf } from "./instance.ts";
import { DIRECT_TTL } from "./protocol.ts";

/** Whose adverts count while a group changes. */
export interface Hearing {
  /** The addresses of this host. An owner sends to one of them, or to the multicast group. */
  readonly ownAddresses: ReadonlySet<string>;
  /** The addresses that other members may send from. */
  readonly memberAddresses: ReadonlySet<string>;
  /** Whose adverts also count, because this host does not know from which addresses the members send. */
  readonly strangers: Strangers;
}

/** `multicast`: any neighbour that sends to the multicast group. `all`: any neighbour. */
export type Strangers = "none" | "multicast" | "all";

/** Whether another host on the same link sent the advert, to this host or to the multicast group. */
export function isDirectAdvert(
  { source, destination, ttl }: Advert,
  ownAddresses: ReadonlySet<string>,
): boolean {
  const isForThisHost = isMulticast(destination) || ownAddresses.has(destination);
  return ttl === DIRECT_TTL && isForThisHost && !ownAddresses.has(source);
}

/**
 * Whether this host's keepalived accepts the sender as the owner, or as an owner that releases the VIPs with priority
 * 0.
 */
export function obeysAdvert(instance: Instance, advert: Advert, ownAddresses: ReadonlySet<string>): boolean {
  const isPeer = instance.unicast === undefined || instance.unicast.peers.includes(advert.source);
  return isPeer && isDirectAdvert(advert, ownAddresses) && acceptsAdvert(instance, advert);
}

/**
 * Whether a member sent the advert directly, in whatever group, or a neighbour that may be a member.
 *
 * @param groups what the hosts of the group may run.
 */
export function isFromMember(groups: readonly Instance[], advert: Advert, hearing: Hearing): boolean {
  const { ownAddresses, memberAddresses, strangers } = hearing;
  if (!isDirectAdvert(advert, ownAddresses)) return false;
  if (memberAddresses.has(advert.source)) return true;
  const mayBeMember = strangers === "all" || (strangers === "multicast" && isMulticast(advert.destination));
  return mayBeMember && groups.some((group) => advertisesVip(group, advert));
}

/** Whether the advert names one of the group's VIPs. */
export function advertisesVip(instance: Instance, { addresses }: Advert): boolean {
  const vips = vipsOf(instance);
  return addresses.some((address) => vips.includes(address));
}
