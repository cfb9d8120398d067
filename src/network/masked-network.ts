/** Networks of both families as iptables writes them: `A`, `A/24`, `A/255.0.255.0` where the mask has holes, `A/64`. */
import { canonicalAddress, type Family, familyOf } from "./address.ts";

/** An address as a number: 192.0.2.1 is 0xc0000201. */
export interface AddressNumber {
  readonly family: Family;
  readonly number: bigint;
}

/** Every address of the family whose bits under the mask are those of `base`. */
export interface MaskedNetwork {
  readonly family: Family;
  readonly base: bigint;
  readonly mask: bigint;
}

const LAST = { ipv4: (1n << 32n) - 1n, ipv6: (1n << 128n) - 1n } as const satisfies Record<Family, bigint>;
const BITS = { ipv4: 32n, ipv6: 128n } as const satisfies Record<Family, bigint>;

/** 169.254.0.0/16, where Rancher's metadata service lives. */
export const LINK_LOCAL: MaskedNetwork = { family: "ipv4", base: 0xa9fe_0000n, mask: 0xffff_0000n };

/** @returns undefined unless `text` is an address. */
export function addressNumber(text: string): AddressNumber | undefined {
  const canonical = canonicalAddress(text);
  if (canonical === undefined) return undefined;
  const family = familyOf(canonical);
  return { family, number: family === "ipv4" ? ipv4Number(canonical) : ipv6Number(canonical) };
}

/** @returns undefined for anything but a network of one family. */
export function parseMaskedNetwork(text: string): MaskedNetwork | undefined {
  const [addressText = "", maskText, ...rest] = text.split("/");
  const address = addressNumber(addressText);
  if (address === undefined || rest.length > 0) return undefined;
  const mask = maskText === undefined ? lastOf(address.family) : parseMask(maskText, address.family);
  return mask === undefined ? undefined : { family: address.family, base: address.number & mask, mask };
}

/** The last address of a family, which has all bits set. */
export function lastOf(family: Family): bigint {
  return LAST[family];
}

export function isInNetwork({ family, number }: AddressNumber, network: MaskedNetwork): boolean {
  return family === network.family && (number & network.mask) === network.base;
}

/** Whether every address of the inner network lies in the outer one. */
export function liesIn(inner: MaskedNetwork, outer: MaskedNetwork): boolean {
  return (
    inner.family === outer.family &&
    (inner.mask & outer.mask) === outer.mask &&
    (inner.base & outer.mask) === outer.base
  );
}

function parseMask(text: string, family: Family): bigint | undefined {
  if (/^\d{1,3}$/.test(text)) {
    const prefix = BigInt(text);
    if (prefix > BITS[family]) return undefined;
    return lastOf(family) ^ ((1n << (BITS[family] - prefix)) - 1n);
  }
  const mask = addressNumber(text);
  return mask?.family === family ? mask.number : undefined;
}

function ipv4Number(canonical: string): bigint {
  return BigInt(canonical.split(".").reduce((number, octet) => number * 256 + Number(octet), 0));
}

/** Canonical IPv6 text has hexadecimal groups, and `::` for one run of zeros. */
function ipv6Number(canonical: string): bigint {
  const [head = "", tail] = canonical.split("::");
  const groupsOf = (part: string) => (part === "" ? [] : part.split(":"));
  const [first, last] = [groupsOf(head), groupsOf(tail ?? "")];
  const zeros = Array<string>(Math.max(0, 8 - first.length - last.length)).fill("0");
  return [...first, ...zeros, ...last].reduce((number, group) => (number << 16n) | BigInt(`0x${group}`), 0n);
}

/** Canonical text of an address. */
export function addressText({ family, number }: AddressNumber): string {
  const [count, bits] = family === "ipv4" ? [4, 8n] : [8, 16n];
  const groups = Array.from(
    { length: count },
    (_, i) => (number >> (bits * BigInt(count - 1 - i))) & ((1n << bits) - 1n),
  );
  if (family === "ipv4") return groups.join(".");
  const text = groups.map((group) => group.toString(16)).join(":");
  return canonicalAddress(text) ?? text;
}
