/** What a group may have been before this host knew it: by the adverts of a peer that still owns its VIPs so. */

import { familyOf } from "../network/address.ts";
import { acceptsAdvert, isMulticast } from "../vrrp/accepted-advert.ts";
import type { Advert } from "../vrrp/advert.ts";
import type { Instance } from "../vrrp/instance.ts";
import { advertisedRouter, isSameVirtualRouter, virtualRouterOf } from "../vrrp/virtual-router.ts";

/** The group as the sender of the advert runs it; undefined where the advert is none of a peer, or says nothing new. */
export function formerIn(to: Instance, advert: Advert): Instance | undefined {
  const { source, version, virtualRouterId, priority, addresses, intervalSeconds } = advert;
  const [address, ...others] = addresses;
  const isPeer = to.unicast === undefined || to.unicast.peers.includes(source);
  if (!isPeer || priority === 0 || address === undefined || others.length > 0) return undefined;
  const vips = [to.firstVip, ...to.excludedVips].map((vip) => vip.address);
  const isSameRouter = isSameVirtualRouter(virtualRouterOf(to), advertisedRouter(advert, to.interface));
  const isOfGroup = vips.includes(address) || isSameRouter;
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
