/**
 * A packet by which this host tells its neighbours that an address is its own: a gratuitous ARP request, or an
 * unsolicited neighbour advertisement to all nodes. Neighbours that know the address follow it. Others do not add it.
 */
import { isIpv6 } from "../network/address.ts";
import { bytesOfAddress, hexOf } from "../vrrp/packet.ts";
import { ARP, IPV6, type LinkPacket } from "./address-probe.ts";
import { icmpv6Packet, NEIGHBOUR_ADVERTISEMENT, TARGET_LINK_LAYER_ADDRESS } from "./neighbour-packet.ts";

const ALL_NODES = "ff02::1";
const ALL_NODES_MAC = "333300000001";
const OVERRIDE = 0x20;
const ROUTER = 0x80;

/**
 * @param mac of the interface that has the address, `02:00:00:00:00:01`.
 * @param isRouter whether the interface forwards IPv6: a client drops a default router that says that it is none.
 */
export function addressAnnouncement(address: string, mac: string, isRouter: boolean): LinkPacket {
  return isIpv6(address) ? advertisementOf(address, mac, isRouter) : gratuitousArpOf(address, mac);
}

function gratuitousArpOf(address: string, mac: string): LinkPacket {
  const own = hexOf(bytesOfAddress(address));
  const packet = `0001080006040001${mac.replaceAll(":", "")}${own}${"0".repeat(12)}${own}`;
  return { etherType: ARP, destination: "f".repeat(12), packet };
}

function advertisementOf(address: string, mac: string, isRouter: boolean): LinkPacket {
  const packet = icmpv6Packet({
    source: address,
    destination: ALL_NODES,
    type: NEIGHBOUR_ADVERTISEMENT,
    flags: OVERRIDE | (isRouter ? ROUTER : 0),
    target: bytesOfAddress(address),
    option: TARGET_LINK_LAYER_ADDRESS,
    mac,
  });
  return { etherType: IPV6, destination: ALL_NODES_MAC, packet };
}
