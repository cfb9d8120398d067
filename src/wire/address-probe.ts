/**
 * A packet that asks whether another host has an address, without a change to any client's neighbour table: an ARP probe
 * from no address (RFC 5227), or a neighbour solicitation from a link-local address.
 *
 * A solicitation from `::` would be answered to all nodes, with the flag Override (RFC 4861 section 7.2.4): every client
 * would then follow whoever answered.
 */
import { isIpv6 } from "../network/address.ts";
import { bytesOfAddress, hexOf } from "../vrrp/packet.ts";
import { icmpv6Packet, NEIGHBOUR_SOLICITATION, SOURCE_LINK_LAYER_ADDRESS } from "./neighbour-packet.ts";

/** EtherTypes. */
export const IPV4 = 0x0800;
export const ARP = 0x0806;
export const IPV6 = 0x86dd;

/** A packet for the listener to send. */
export interface LinkPacket {
  readonly etherType: number;
  /** 12 hex digits. */
  readonly destination: string;
  /** The packet after the Ethernet header, as hex digits. */
  readonly packet: string;
}

/** The source of the question. */
export interface ProbeSource {
  /** Of the interface, `02:00:00:00:00:01`. */
  readonly mac: string;
  /** A link-local IPv6 address of the interface. Without one, no IPv6 address is asked for. */
  readonly linkLocal: string | undefined;
}

/**
 * @param askedMac asks this host alone, `02:00:00:00:00:02`. Otherwise all hosts are asked.
 * @returns undefined where the source cannot ask for an address of this family.
 */
export function addressProbe(
  address: string,
  { mac, linkLocal }: ProbeSource,
  askedMac?: string,
): LinkPacket | undefined {
  const asked = askedMac?.replaceAll(":", "");
  if (!isIpv6(address)) return arpProbeFor(address, mac, asked);
  return linkLocal === undefined ? undefined : solicitationFor(address, mac, linkLocal, asked);
}

function arpProbeFor(address: string, mac: string, asked = "f".repeat(12)): LinkPacket {
  const request = "0001080006040001";
  const packet = `${request}${mac.replaceAll(":", "")}00000000${"0".repeat(12)}${hexOf(bytesOfAddress(address))}`;
  return { etherType: ARP, destination: asked, packet };
}

function solicitationFor(
  address: string,
  mac: string,
  linkLocal: string,
  asked: string | undefined,
): LinkPacket {
  const target = bytesOfAddress(address);
  const groupAddress = `ff02::1:ff${hexOf(target.slice(13, 14))}:${hexOf(target.slice(14))}`;
  const packet = icmpv6Packet({
    source: linkLocal,
    destination: groupAddress,
    type: NEIGHBOUR_SOLICITATION,
    flags: 0,
    target,
    option: SOURCE_LINK_LAYER_ADDRESS,
    mac,
  });
  return { etherType: IPV6, destination: asked ?? `3333ff${hexOf(target.slice(13))}`, packet };
}
