/** VRRP packets between neighbours: a header of IPv4 or IPv6 with a TTL of 255, which no router has lowered, unless told. */
import { isIpv6 } from "../network/address.ts";
import { bytesOfAddress, checksumOf, hexOf, word } from "../vrrp/packet.ts";
import { DIRECT_TTL, VRRP_PROTOCOL } from "../vrrp/protocol.ts";

/** Class of traffic: internetwork control, as keepalived's adverts. */
const CLASS = 0xc0;

/** The whole packet as hex digits. The addresses must be of one family. */
export function directVrrpPacket(
  source: string,
  destination: string,
  payload: readonly number[],
  ttl = DIRECT_TTL,
): string {
  const { length } = payload;
  const header = isIpv6(source) ? ipv6Header(length, ttl) : ipv4Header(source, destination, length, ttl);
  return hexOf([...header, ...bytesOfAddress(source), ...bytesOfAddress(destination), ...payload]);
}

/** Without the addresses, which follow. */
function ipv4Header(source: string, destination: string, length: number, ttl: number): number[] {
  const header = (checksum: number) => [
    0x45,
    CLASS,
    ...word(20 + length),
    ...word(0),
    ...word(0),
    ttl,
    VRRP_PROTOCOL,
    ...word(checksum),
  ];
  return header(checksumOf([...header(0), ...bytesOfAddress(source), ...bytesOfAddress(destination)]));
}

/** Without the addresses, which follow. */
function ipv6Header(length: number, ttl: number): number[] {
  return [0x60 + (CLASS >> 4), (CLASS & 0xf) << 4, 0, 0, ...word(length), VRRP_PROTOCOL, ttl];
}
