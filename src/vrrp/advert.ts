/**
 * VRRP adverts (RFC 3768, RFC 9568) as received on the wire.
 *
 * A packet that VRRP hosts would drop is not an advert: one that is cut short or a fragment, has a wrong checksum, or uses
 * an authentication that keepalived does not have.
 */
import { isIpv6 } from "../network/address.ts";
import { addressOf, byteAt, checksumOf, type Packet, parsePacket, pseudoHeader, wordAt } from "./packet.ts";
import { AUTH_NONE, AUTH_SIMPLE, PASSWORD_BYTES, VRRP_PROTOCOL } from "./protocol.ts";

/** One advert. Addresses are canonical. */
export interface Advert {
  readonly source: string;
  readonly destination: string;
  /** TTL or hop limit: 255 unless a router forwarded it. */
  readonly ttl: number;
  readonly version: 2 | 3;
  readonly virtualRouterId: number;
  /** 0-255. With 0 an owner releases the VIPs. */
  readonly priority: number;
  /** The advertised VIPs in the order of the packet. May be empty. */
  readonly addresses: readonly string[];
  /** The VRRPv2 password as `passwordText` gives it, or undefined without one. It must never be logged. */
  readonly authPass: string | undefined;
  readonly intervalSeconds: number;
}

const HEADER_BYTES = 8;

/** The advert in a packet, or undefined if the packet holds none. Never throws. */
export function parseAdvert(bytes: Uint8Array): Advert | undefined {
  const packet = parsePacket(bytes);
  if (packet?.protocol !== VRRP_PROTOCOL) return undefined;
  const versionAndType = byteAt(packet.payload, 0);
  if (packet.payload.length < HEADER_BYTES) return undefined;
  if (versionAndType === 0x21 && !isIpv6(packet.source)) return parseVersion2(packet);
  return versionAndType === 0x31 ? parseVersion3(packet) : undefined;
}

function parseVersion2(packet: Packet): Advert | undefined {
  const { payload } = packet;
  const authType = byteAt(payload, 4);
  const end = HEADER_BYTES + 4 * byteAt(payload, 3);
  const isKnown = authType === AUTH_NONE || authType === AUTH_SIMPLE;
  const isWhole = payload.length >= end + (authType === AUTH_SIMPLE ? PASSWORD_BYTES : 0);
  if (!isKnown || !isWhole || checksumOf(payload) !== 0) return undefined;
  const authPass = authType === AUTH_SIMPLE ? passwordText(payload.slice(end)) : undefined;
  return { ...commonOf(packet), version: 2, authPass, intervalSeconds: byteAt(payload, 5) };
}

function parseVersion3(packet: Packet): Advert | undefined {
  const { payload, source, destination } = packet;
  const bytesEach = isIpv6(packet.source) ? 16 : 4;
  if (payload.length < HEADER_BYTES + bytesEach * byteAt(payload, 3)) return undefined;
  const checked = [...pseudoHeader(source, destination, VRRP_PROTOCOL, payload.length), ...payload];
  if (checksumOf(checked) !== 0) return undefined;
  const intervalSeconds = (wordAt(payload, 4) & 0xfff) / 100;
  return { ...commonOf(packet), version: 3, authPass: undefined, intervalSeconds };
}

function commonOf(packet: Packet) {
  const { source, destination, ttl, payload } = packet;
  const bytesEach = isIpv6(packet.source) ? 16 : 4;
  const addresses = Array.from({ length: byteAt(payload, 3) }, (_, index) => {
    const start = HEADER_BYTES + bytesEach * index;
    return addressOf(payload.slice(start, start + bytesEach));
  });
  const [virtualRouterId, priority] = [byteAt(payload, 1), byteAt(payload, 2)];
  return { source, destination, ttl, virtualRouterId, priority, addresses };
}

/** The password in these bytes as text: one character per byte, without trailing zeros. */
export function passwordText(bytes: Uint8Array): string {
  return String.fromCharCode(...bytes.slice(0, PASSWORD_BYTES)).replace(/\0+$/, "");
}
