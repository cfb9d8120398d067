/**
 * What an advert says about the owner of a group that this host runs or is about to run.
 *
 * The agent is no less strict than keepalived. An advert counts only if its sender is on the same link and sends to this
 * host or to all hosts, and if it carries a VIP of the group. A router that shares nothing but the VRID says nothing.
 */
import { familyOf } from "../network/address.ts";
import { acceptsAdvert, isMulticast } from "../vrrp/accepted-advert.ts";
import type { Advert } from "../vrrp/advert.ts";
import { type Instance, vipsOf } from "../vrrp/instance.ts";

/** The TTL of a sender on the same link. A router lowers it (RFC 9568 section 5.1.1.3). */
const DIRECT_TTL = 255;

/**
 * `owner`: another host owns the VIPs, and keepalived of this host backs it up. `stranger`: a host says that it owns them,
 * and keepalived drops its adverts, because it is not a peer or runs the group in another way. `nothing`: neither.
 */
export type Speech = "owner" | "stranger" | "nothing";

/**
 * @param advert received on the interface of the instance.
 * @param ownAddresses of this host.
 */
export function speechOf(instance: Instance, advert: Advert, ownAddresses: ReadonlySet<string>): Speech {
  const { unicast, firstVip } = instance;
  const { source, destination, ttl, priority, addresses } = advert;
  const isForThisHost = isMulticast(destination) || ownAddresses.has(destination);
  const isDirect = ttl === DIRECT_TTL && isForThisHost && !ownAddresses.has(source);
  const isOfFamily = familyOf(source) === familyOf(firstVip.address);
  const vips = vipsOf(instance);
  // with priority 0 an owner releases the VIPs
  const isOwner = priority > 0 && addresses.some((address) => vips.includes(address));
  if (!isDirect || !isOfFamily || !isOwner) return "nothing";
  const isPeer = unicast === undefined || unicast.peers.includes(source);
  return isPeer && acceptsAdvert(instance, advert) ? "owner" : "stranger";
}
