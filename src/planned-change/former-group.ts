/** What a group was before this host knew it, as a peer's adverts tell: that peer still owns the VIPs in that group. */
import { familyOf } from "../network/address.ts";
import { acceptsAdvert, isMulticast } from "../vrrp/accepted-advert.ts";
import type { Advert } from "../vrrp/advert.ts";
import { type Instance, vipsOf } from "../vrrp/instance.ts";
import { advertisedRouter, isSameVirtualRouter, virtualRouterOf } from "../vrrp/virtual-router.ts";

/**
 * The group as the sender of the advert runs it. Undefined if the sender is not a peer that owns the VIPs, or runs the
 * group as this host does.
 *
 * @param advert received on the interface of `to`.
 */
export function formerGroupFrom(to: Instance, advert: Advert): Instance | undefined {
  const { source, version, virtualRouterId, priority, addresses, intervalSeconds } = advert;
  const [address, ...others] = addresses;
  const isPeer = to.unicast === undefined || to.unicast.peers.includes(source);
  if (!isPeer || priority === 0 || address === undefined || others.length > 0) return undefined;
  const isSameRouter = isSameVirtualRouter(virtualRouterOf(to), advertisedRouter(advert, to.interface));
  const isOfGroup = isSameRouter || vipsOf(to).includes(address);
  const isSameFamily = familyOf(address) === familyOf(to.firstVip.address);
  if (!isOfGroup || !isSameFamily || acceptsAdvert(to, advert)) return undefined;
  return {
    ...to,
    vrrpVersion: version,
    virtualRouterId,
    firstVip: { address, prefix: to.firstVip.prefix },
    advertIntervalSeconds: intervalSeconds,
    unicast: isMulticast(advert.destination) ? undefined : to.unicast,
    authPass: undefined,
  };
}
