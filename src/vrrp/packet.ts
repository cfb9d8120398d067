/** IP packets as received on the wire, and the checksum that the IP protocols share. */
import { canonicalAddress, isIpv6 } from "../network/address.ts";

export interface Packet {
  /** Canonical. */
  readonly source: string;
  /** Canonical. */
  readonly destination: string;
  /** TTL, or hop limit. */
  readonly ttl: number;
  readonly protocol: number;
  readonly payload: Uint8Array;
}

/** A whole packet. Undefined for bytes that are not one, are cut short or a fragment, or have extension headers. */
export function parsePacket(bytes: Uint8Array): Packet | undefined {
  const version = byteAt(bytes, 0) >> 4;
  if (version === 4) return parseIpv4(bytes);
  return version === 6 ? parseIpv6(bytes) : undefined;
}

function parseIpv4(bytes: Uint8Array): Packet | undefined {
  const start = 4 * (byteAt(bytes, 0) & 0xf);
  const end = wordAt(bytes, 2);
  const isFragment = (wordAt(bytes, 6) & 0x3fff) !== 0;
  if (start < 20 || end < start || end > bytes.length || isFragment) return undefined;
  return {
    source: addressOf(bytes.slice(12, 16)),
    destination: addressOf(bytes.slice(16, 20)),
    ttl: byteAt(bytes, 8),
    protocol: byteAt(bytes, 9),
    payload: bytes.slice(start, end),
  };
}

function parseIpv6(bytes: Uint8Array): Packet | undefined {
  const end = 40 + wordAt(bytes, 4);
  if (bytes.length < 40 || end > bytes.length) return undefined;
  return {
    source: addressOf(bytes.slice(8, 24)),
    destination: addressOf(bytes.slice(24, 40)),
    ttl: byteAt(bytes, 7),
    protocol: byteAt(bytes, 6),
    payload: bytes.slice(40, end),
  };
}

/** The pseudo header, which the checksum of VRRPv3 covers besides the payload. */
export function pseudoHeader(
  source: string,
  destination: string,
  protocol: number,
  length: number,
): number[] {
  const [from, to] = [bytesOfAddress(source), bytesOfAddress(destination)];
  const numbers =
    from.length === 4 ? [0, protocol, ...word(length)] : [0, 0, ...word(length), 0, 0, 0, protocol];
  return [...from, ...to, ...numbers];
}

/** The Internet checksum (RFC 1071). It is 0 over bytes that include their own correct checksum. */
export function checksumOf(bytes: readonly number[] | Uint8Array): number {
  let sum = 0;
  for (let at = 0; at < bytes.length; at += 2) sum += wordAt(bytes, at);
  while (sum > 0xffff) sum = (sum & 0xffff) + (sum >> 16);
  return ~sum & 0xffff;
}

/** The 4 or 16 bytes of a canonical address. */
export function bytesOfAddress(address: string): number[] {
  if (!isIpv6(address)) return address.split(".").map(Number);
  const [head = "", tail] = address.split("::");
  const wordsIn = (text: string) =>
    text === "" ? [] : text.split(":").map((part) => Number.parseInt(part, 16));
  const [first, last] = [wordsIn(head), wordsIn(tail ?? "")];
  const zeros = new Array<number>(8 - first.length - last.length).fill(0);
  return [...first, ...zeros, ...last].flatMap(word);
}

/** The canonical address in 4 or 16 bytes. */
export function addressOf(bytes: Uint8Array): string {
  const words = Array.from({ length: bytes.length / 2 }, (_, index) => wordAt(bytes, 2 * index).toString(16));
  const text = bytes.length === 4 ? bytes.join(".") : words.join(":");
  return canonicalAddress(text) ?? text;
}

/** The two bytes of a 16-bit number, high byte first. */
export function word(value: number): [number, number] {
  return [value >> 8, value & 0xff];
}

/** The byte at this index, or 0 beyond the end. */
export function byteAt(bytes: ArrayLike<number>, at: number): number {
  return bytes[at] ?? 0;
}

/** The big-endian 16-bit number at this index. */
export function wordAt(bytes: ArrayLike<number>, at: number): number {
  return (byteAt(bytes, at) << 8) | byteAt(bytes, at + 1);
}

export function bytesOfHex(hex: string): Uint8Array {
  return Uint8Array.from(hex.match(/../g) ?? [], (pair) => Number.parseInt(pair, 16));
}

export function hexOf(bytes: Iterable<number>): string {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

/** `02:00:00:00:00:01` for 12 hex digits. */
export function macText(hex: string): string {
  return hex.match(/../g)?.join(":") ?? "";
}
