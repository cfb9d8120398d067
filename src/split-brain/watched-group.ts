/** A group as the split-brain check sees it, and whether an advert on the wire concerns it. */
import type { Advert } from "../vrrp/advert.ts";
import type { Instance } from "../vrrp/instance.ts";
import { advertisesVip, obeysAdvert } from "../vrrp/obeyed-advert.ts";
import { advertisedRouter, isSameVirtualRouter, virtualRouterOf } from "../vrrp/virtual-router.ts";

export interface WatchedGroup {
  readonly instance: Instance;
  /** What its hosts may run besides during a planned change. */
  readonly changing: readonly Instance[];
  /** Since when the planned change is under way, by the clock of the evidence. */
  readonly changingSinceMs: number;
  readonly isOwner: boolean;
  /** Since when `isOwner` has this value, by the clock of the evidence. */
  readonly sinceMs: number;
  /** Whether keepalived receives the adverts of others, by its own count. Undefined while that is not known. */
  readonly isReceiving: boolean | undefined;
  readonly ownAddresses: ReadonlySet<string>;
  readonly ownMacs: ReadonlySet<string>;
  /** The own MAC of the group's interface. */
  readonly mac: string | undefined;
  /** The address that this host sends the group's adverts from, where that is known. */
  readonly source?: string | undefined;
}

/** The MAC addresses of VRRP itself (RFC 9568 section 7.3), if keepalived uses them. */
const VIRTUAL_MAC = /^00:00:5e:00:0[12]:/;

/** Whether a MAC is another host's: none of this host's interfaces has it, and it is not one of VRRP itself. */
export function isForeignMac({ ownMacs }: WatchedGroup, mac: string): boolean {
  return !ownMacs.has(mac) && !VIRTUAL_MAC.test(mac);
}

/**
 * The groups that this host owns, and whose interface has another MAC than before. Their clients send to the former one until
 * the owner announces itself again, which keepalived does every 10 s.
 */
export function ownedWithOtherMac(before: readonly WatchedGroup[], after: readonly WatchedGroup[]): string[] {
  const macs = new Map(before.map(({ instance, mac }) => [instance.name, mac]));
  return after.flatMap(({ instance, isOwner, mac }) => {
    const former = macs.get(instance.name);
    return isOwner && former !== undefined && mac !== undefined && former !== mac ? instance.name : [];
  });
}

/** Whether an advert has the group's virtual router or one of its VIPs. */
export function isRelated(
  { instance }: WatchedGroup,
  { interface: link, advert }: { readonly interface: string; readonly advert: Advert },
): boolean {
  const isSameRouter = isSameVirtualRouter(virtualRouterOf(instance), advertisedRouter(advert, link));
  return isSameRouter || (link === instance.interface && advertisesVip(instance, advert));
}

/** Whether the hosts of the group accept the sender of the advert as their owner. */
export function isOwnerAdvert({ instance, ownAddresses }: WatchedGroup, advert: Advert): boolean {
  return obeysAdvert(instance, advert, ownAddresses);
}

/** Whether the advert comes from a peer. With multicast every host that advertises the first VIP is one. */
export function isPeerAdvert({ unicast, firstVip }: Instance, advert: Advert): boolean {
  if (unicast !== undefined) return unicast.peers.includes(advert.source);
  return advert.addresses.includes(firstVip.address);
}
