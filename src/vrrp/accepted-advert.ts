/** Whether the hosts of a group accept an advert, by the rules of RFC 3768, RFC 9568 and keepalived. */
import { type Advert, passwordText } from "./advert.ts";
import type { Instance } from "./instance.ts";
import { MULTICAST_GROUP } from "./protocol.ts";
import { advertisedRouter, isSameVirtualRouter, virtualRouterOf } from "./virtual-router.ts";

/**
 * Whether hosts that run this instance accept the advert when it reaches their interface.
 *
 * They accept an advert that is sent as they send (unicast or multicast) and that advertises exactly their first VIP.
 * VRRPv2 also requires their own interval and password. An instance without a password accepts any: the password is not
 * known here.
 */
export function acceptsAdvert(instance: Instance, advert: Advert): boolean {
  const { vrrpVersion, firstVip, unicast } = instance;
  return (
    isMulticast(advert.destination) === (unicast === undefined) &&
    advert.version === vrrpVersion &&
    isSameVirtualRouter(virtualRouterOf(instance), advertisedRouter(advert, instance.interface)) &&
    advert.addresses.length === 1 &&
    advert.addresses[0] === firstVip.address &&
    (vrrpVersion === 3 || (acceptsPassword(instance, advert) && acceptsInterval(instance, advert)))
  );
}

/** Whether an address is the multicast group of VRRP. */
export function isMulticast(address: string): boolean {
  return address === MULTICAST_GROUP.ipv4 || address === MULTICAST_GROUP.ipv6;
}

/** Whether the advert has the instance's password, or that password is not known here. */
export function acceptsPassword({ authPass }: Instance, advert: Advert): boolean {
  if (authPass === undefined) return true;
  return advert.authPass === passwordText(new TextEncoder().encode(authPass));
}

/** VRRPv3 hosts adopt the owner's interval; VRRPv2 hosts drop an advert with another one. */
export function acceptsInterval(instance: Instance, advert: Advert): boolean {
  return instance.vrrpVersion === 3 || advert.intervalSeconds === instance.advertIntervalSeconds;
}
