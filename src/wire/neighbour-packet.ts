/** Packets of neighbour discovery (RFC 4861): solicitations and advertisements with one link-layer address option. */
import { bytesOfAddress, checksumOf, hexOf, pseudoHeader, word } from "../vrrp/packet.ts";
import { DIRECT_TTL } from "../vrrp/protocol.ts";

export const ICMPV6 = 58;
export const NEIGHBOUR_SOLICITATION = 135;
export const NEIGHBOUR_ADVERTISEMENT = 136;
export const SOURCE_LINK_LAYER_ADDRESS = 1;
export const TARGET_LINK_LAYER_ADDRESS = 2;

export interface NeighbourPacket {
  readonly source: string;
  readonly destination: string;
  readonly type: number;
  /** The first byte after the checksum. */
  readonly flags: number;
  /** 16 bytes. */
  readonly target: readonly number[];
  /** The kind of the link-layer address option, and the MAC in it. */
  readonly option: number;
  readonly mac: string;
}

/** The packet after the Ethernet header, as hex digits. */
export function icmpv6Packet(given: NeighbourPacket): string {
  const { source, destination, type, flags, target, option, mac } = given;
  const macBytes = mac.split(":").map((byte) => Number.parseInt(byte, 16));
  const body = (checksum: number) => [
    type,
    0,
    ...word(checksum),
    flags,
    0,
    0,
    0,
    ...target,
    option,
    1,
    ...macBytes,
  ];
  const { length } = body(0);
  const pseudo = pseudoHeader(source, destination, ICMPV6, length);
  const message = body(checksumOf([...pseudo, ...body(0)]));
  // receivers drop neighbour discovery with any other hop limit: a router forwarded it
  const header = [0x60, 0, 0, 0, ...word(length), ICMPV6, DIRECT_TTL];
  return hexOf([...header, ...bytesOfAddress(source), ...bytesOfAddress(destination), ...message]);
}
