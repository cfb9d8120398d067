/**
 * VRRP adverts (RFC 3768, RFC 9568) as they were on the wire, and whose they are.
 *
 * What hosts would drop (cut short, wrong checksum, a fragment, a kind of authentication that keepalived does not have) is
 * no advert here either.
 */
import { isIpv6 } from "../network/address.ts";
import type { Instance } from "./instance.ts";
import { addressOf, byteAt, checksumOf, type Packet, parsePacket, pseudoHeader, wordAt } from "./packet.ts";

/** One advert. Addresses are canonical. */
export interface Advert {
  readonly source: string;
  readonly destination: string;
  /** TTL or hop limit: 255 where no router has passed it on. */
  readonly ttl: number;
  readonly version: 2 | 3;
  readonly virtualRouterId: number;
  /** 0-255; 0 says that its host gives the group up. */
  readonly priority: number;
  /** What is advertised, in the order of the packet; may be empty. */
  readonly addresses: readonly string[];
  /** A character a byte, without the zeros at its end. Undefined: no password. Never to be logged. */
  readonly authPass: string | undefined;
  readonly intervalSeconds: number;
}

const VRRP = 112;
const HEADER_BYTES = 8;
/** What VRRPv2 carries of a password. */
const AUTH_BYTES = 8;
const AUTH_NONE = 0;
const AUTH_SIMPLE = 1;

/** The advert in a packet, or undefined where there is none. Never throws. */
export function parseAdvert(bytes: Uint8Array): Advert | undefined {
  const packet = parsePacket(bytes);
  if (packet?.protocol !== VRRP) return undefined;
  const kind = byteAt(packet.payload, 0);
  if (packet.payload.length < HEADER_BYTES) return undefined;
  if (kind === 0x21 && !isIpv6(packet.source)) return parseSecond(packet);
  return kind === 0x31 ? parseThird(packet) : undefined;
}

function parseSecond(packet: Packet): Advert | undefined {
  const { payload } = packet;
  const authType = byteAt(payload, 4);
  const end = HEADER_BYTES + 4 * byteAt(payload, 3);
  const isKnown = authType === AUTH_NONE || authType === AUTH_SIMPLE;
  const isWhole = payload.length >= end + (authType === AUTH_SIMPLE ? AUTH_BYTES : 0);
  if (!isKnown || !isWhole || checksumOf(payload) !== 0) return undefined;
  const authPass = authType === AUTH_SIMPLE ? textOf(payload.slice(end, end + AUTH_BYTES)) : undefined;
  return { ...commonOf(packet), version: 2, authPass, intervalSeconds: byteAt(payload, 5) };
}

function parseThird(packet: Packet): Advert | undefined {
  const { payload, source, destination } = packet;
  const bytesEach = isIpv6(packet.source) ? 16 : 4;
  if (payload.length < HEADER_BYTES + bytesEach * byteAt(payload, 3)) return undefined;
  const summed = [...pseudoHeader(source, destination, VRRP, payload.length), ...payload];
  if (checksumOf(summed) !== 0) return undefined;
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

function textOf(bytes: Uint8Array): string {
  return String.fromCharCode(...bytes).replace(/\0+$/, "");
}

/**
 * Whether hosts that run this instance would take the advert for their group's.
 *
 * They want it sent as they send, exactly their own VIP advertised, and with VRRPv2 their own interval and password; VRRPv3 follows any
 * interval. An instance without a password is one whose password is not known here: then any will do.
 */
export function isAdvertOf(instance: Instance, advert: Advert): boolean {
  const { vrrpVersion, virtualRouterId, firstVip, unicast } = instance;
  return (
    isMulticast(advert.destination) === (unicast === undefined) &&
    advert.version === vrrpVersion &&
    advert.virtualRouterId === virtualRouterId &&
    advert.addresses.length === 1 &&
    advert.addresses[0] === firstVip.address &&
    (vrrpVersion === 3 || isOfSecondVersion(instance, advert))
  );
}

export function isMulticast(address: string): boolean {
  return address === "224.0.0.18" || address === "ff02::12";
}

function isOfSecondVersion(instance: Instance, advert: Advert): boolean {
  return isPasswordOf(instance, advert) && advert.intervalSeconds === instance.advertIntervalSeconds;
}

/** Whether the advert has the instance's password, as far as that is known. */
export function isPasswordOf({ authPass }: Instance, advert: Advert): boolean {
  if (authPass === undefined) return true;
  return advert.authPass === textOf(new TextEncoder().encode(authPass).slice(0, AUTH_BYTES));
}
