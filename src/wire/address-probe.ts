/**
 * A packet that asks whether another host has an address, without a change to any neighbour table: an ARP probe from no
 * address (RFC 5227), or the solicitation of duplicate address detection (RFC 4862).
 */
import { isIpv6 } from "../network/address.ts";
import { bytesOfAddress, checksumOf, hexOf, pseudoHeader, word } from "../vrrp/packet.ts";

/** EtherTypes. */
export const IPV4 = 0x0800;
export const ARP = 0x0806;
export const IPV6 = 0x86dd;

export interface AddressProbe {
  readonly etherType: number;
  /** 12 hex digits. */
  readonly destination: string;
  /** The packet after the Ethernet header, as hex digits. */
  readonly packet: string;
}

const UNSPECIFIED = "::";
const ICMPV6 = 58;
const NEIGHBOUR_SOLICITATION = 135;

/** @param mac of the interface that sends it, `02:00:00:00:00:01`. */
export function addressProbe(address: string, mac: string): AddressProbe {
  return isIpv6(address) ? solicitationFor(address) : arpProbeFor(address, mac);
}

function arpProbeFor(address: string, mac: string): AddressProbe {
  const request = "0001080006040001";
  const packet = `${request}${mac.replaceAll(":", "")}00000000${"0".repeat(12)}${hexOf(bytesOfAddress(address))}`;
  return { etherType: ARP, destination: "f".repeat(12), packet };
}

function solicitationFor(address: string): AddressProbe {
  const target = bytesOfAddress(address);
  const group = [0xff, 2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0xff, ...target.slice(13)];
  const groupAddress = `ff02::1:ff${hexOf(target.slice(13, 14))}:${hexOf(target.slice(14))}`;
  const body = (checksum: number) => [NEIGHBOUR_SOLICITATION, 0, ...word(checksum), 0, 0, 0, 0, ...target];
  const pseudo = pseudoHeader(UNSPECIFIED, groupAddress, ICMPV6, 24);
  const message = body(checksumOf([...pseudo, ...body(0)]));
  const header = [
    0x60,
    0,
    0,
    0,
    ...word(message.length),
    ICMPV6,
    255,
    ...bytesOfAddress(UNSPECIFIED),
    ...group,
  ];
  const destination = `3333${hexOf(group.slice(12))}`;
  return { etherType: IPV6, destination, packet: hexOf([...header, ...message]) };
}
