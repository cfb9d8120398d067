/**
 * What an advert says about the owner of a group that this host runs or is about to run. An advert of a router that
 * shares only the VRID says nothing.
 */
import { familyOf } from "../network/address.ts";
import type { Advert } from "../vrrp/advert.ts";
import type { Instance } from "../vrrp/instance.ts";
import { advertisesVip, isDirectAdvert, obeysAdvert } from "../vrrp/obeyed-advert.ts";

/**
 * `owner`: another host owns the VIPs, and keepalived of this host backs it up. `stranger`: a host says that it owns them,
 * and keepalived drops its adverts, because it is not a peer or runs the group in another way. `nothing`: neither.
 */
export type AdvertMeaning = "owner" | "stranger" | "nothing";

/**
 * @param advert received on the interface of the instance.
 * @param ownAddresses of this host.
 */
export function meaningOf(
  instance: Instance,
  advert: Advert,
  ownAddresses: ReadonlySet<string>,
): AdvertMeaning {
  const isOfFamily = familyOf(advert.source) === familyOf(instance.firstVip.address);
  // with priority 0 an owner releases the VIPs
  const isOwner = advert.priority > 0 && advertisesVip(instance, advert);
  if (!isDirectAdvert(advert, ownAddresses) || !isOfFamily || !isOwner) return "nothing";
  return obeysAdvert(instance, advert, ownAddresses) ? "owner" : "stranger";
}

/** Whether a hello is a neighbour's that runs the group or is about to. */
export function isHelloFor(instance: Instance, hello: Advert, ownAddresses: ReadonlySet<string>): boolean {
  const isOfFamily = familyOf(hello.source) === familyOf(instance.firstVip.address);
  return isOfFamily && advertisesVip(instance, hello) && isDirectAdvert(hello, ownAddresses);
}
