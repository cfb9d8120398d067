/** Claims of an address on the wire: ARP packets (RFC 826) and neighbour advertisements (RFC 4861). */
import { addressOf, byteAt, hexOf, macText, parsePacket, wordAt } from "../vrrp/packet.ts";
import { DIRECT_TTL } from "../vrrp/protocol.ts";
import { ICMPV6, NEIGHBOUR_ADVERTISEMENT, TARGET_LINK_LAYER_ADDRESS } from "./neighbour-packet.ts";

export interface AddressClaim {
  /** Canonical. */
  readonly address: string;
  /** `02:00:00:00:00:01`. */
  readonly mac: string;
}

const ETHERNET_AND_IPV4 = "000108000604";

/** The claim of an ARP packet. An ARP probe makes none: its sender is 0.0.0.0. */
export function parseArpClaim(bytes: Uint8Array): AddressClaim | undefined {
  if (bytes.length < 28 || hexOf(bytes.slice(0, 6)) !== ETHERNET_AND_IPV4) return undefined;
  const address = addressOf(bytes.slice(14, 18));
  if (address === "0.0.0.0") return undefined;
  return { address, mac: macText(hexOf(bytes.slice(8, 14))) };
}

/** @param senderMac 12 hex digits, for an advertisement without a link-layer address option. */
export function parseNeighbourClaim(bytes: Uint8Array, senderMac: string): AddressClaim | undefined {
  const packet = parsePacket(bytes);
  if (packet?.protocol !== ICMPV6 || packet.payload.length < 24) return undefined;
  const { payload } = packet;
  if (byteAt(payload, 0) !== NEIGHBOUR_ADVERTISEMENT || packet.ttl !== DIRECT_TTL) return undefined;
  const hasMacOption = payload.length >= 32 && wordAt(payload, 24) === (TARGET_LINK_LAYER_ADDRESS << 8) + 1;
  const mac = hasMacOption ? hexOf(payload.slice(26, 32)) : senderMac;
  return { address: addressOf(payload.slice(8, 24)), mac: macText(mac) };
}
