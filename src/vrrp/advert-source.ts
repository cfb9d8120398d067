/** The address from which this host's keepalived sends a group's adverts. */
import { familyOf, isIpv6 } from "../network/address.ts";
import { findInterface, type HostNetwork, linkLocalOf } from "../network/host-network.ts";
import type { Instance } from "./instance.ts";

/**
 * With multicast keepalived takes the interface's first IPv4 address, or its link-local IPv6 address.
 *
 * @param network without the VIPs.
 */
export function advertSource(
  { unicast, firstVip, interface: name }: Instance,
  network: HostNetwork,
): string | undefined {
  if (unicast !== undefined) return unicast.source;
  const link = findInterface(network, name);
  if (link === undefined) return undefined;
  if (isIpv6(firstVip.address)) return linkLocalOf(link);
  return link.addresses.find(({ address }) => familyOf(address) === "ipv4")?.address;
}
