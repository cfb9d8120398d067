/**
 * Where the adverts of a group come to, and how this host brings one to its own keepalived without that another host sees it.
 *
 * - Unicast: to the own address, so it goes through the host's loopback.
 * - Multicast over IPv6: the header names the multicast group, but the kernel is told to send the packet to the interface's own
 *   link-local address. It delivers it here, as a packet that came to that interface.
 * - Multicast over IPv4: to the multicast group with a TTL of 0. The kernel gives a copy to the group's members on this host
 *   and drops the packet itself. keepalived wants a TTL of 255, so `release-table.ts` raises that of the copy.
 */
import { isIpv6 } from "../network/address.ts";
import type { Instance } from "../vrrp/instance.ts";
import { DIRECT_TTL, MULTICAST_GROUP } from "../vrrp/protocol.ts";

export interface AdvertPath {
  /** Where members send the group's adverts to. */
  readonly destination: string;
  /** Where this host sends an advert to that is meant for its own keepalived. */
  readonly via: string;
  /** TTL or hop limit of that advert. */
  readonly ttl: number;
}

/**
 * @param linkLocal the link-local address of the group's interface.
 * @returns undefined where that address is needed and missing.
 */
export function advertPathOf(
  { unicast, firstVip }: Instance,
  linkLocal: string | undefined,
): AdvertPath | undefined {
  if (unicast !== undefined) return { destination: unicast.source, via: unicast.source, ttl: DIRECT_TTL };
  if (!isIpv6(firstVip.address))
    return { destination: MULTICAST_GROUP.ipv4, via: MULTICAST_GROUP.ipv4, ttl: 0 };
  return linkLocal === undefined
    ? undefined
    : { destination: MULTICAST_GROUP.ipv6, via: linkLocal, ttl: DIRECT_TTL };
}

/** Whether keepalived takes the advert only with the table of `release-table.ts`. */
export function needsReleaseTable({ unicast, firstVip }: Instance): boolean {
  return unicast === undefined && !isIpv6(firstVip.address);
}
