import { acceptsAdvert } from "../vrrp/accepted-advert.ts";
import { type Instance, vipsOf } from "../vrrp/instance.ts";
import { advertisedRouter, isSameVirtualRouter, virtualRouterOf } from "../vrrp/virtual-router.ts";
import type { Speaker } from "./evidence.ts";

export interface WatchedGroup {
  readonly instance: Instance;
  /** What its members may run besides, while the group changes as planned. */
  readonly changing: readonly Instance[];
  readonly isMaster: boolean;
  /** Since when it is, or is not, ms of the evidence's clock. */
  readonly sinceMs: number;
  /** Whether keepalived gets adverts of others, by its own count; undefined while that is not known. */
  readonly isHearing: boolean | undefined;
  readonly ownAddresses: ReadonlySet<string>;
  readonly ownMacs: ReadonlySet<string>;
}

/** Whether a frame says anything of the group. */
export function concerns(
  { instance }: WatchedGroup,
  { interface: link, advert }: Pick<Speaker, "interface" | "advert">,
): boolean {
  const isSameRouter = isSameVirtualRouter(virtualRouterOf(instance), advertisedRouter(advert, link));
  return isSameRouter || (link === instance.interface && sharesVip(instance, advert));
}

/** Whether hosts of the group take the advert for their owner's. */
export function isOwnersAdvert({ instance }: WatchedGroup, { advert }: Pick<Speaker, "advert">): boolean {
  return isMember(instance, advert) && acceptsAdvert(instance, advert) && advert.ttl === 255;
}

export function isMember({ unicast, firstVip }: Instance, advert: Speaker["advert"]): boolean {
  if (unicast !== undefined) return unicast.peers.includes(advert.source);
  return advert.addresses.includes(firstVip.address);
}

export function sharesVip(instance: Instance, { addresses }: Speaker["advert"]): boolean {
  const vips = vipsOf(instance);
  return addresses.some((address) => vips.includes(address));
}
