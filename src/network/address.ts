/**
 * IP addresses and prefixes as text in one canonical form, so that equal addresses are equal strings.
 *
 * Canonical: IPv4 as four decimal octets, IPv6 as in RFC 5952 (lower case, longest run of zeros shortened).
 */
import ipaddr from "ipaddr.js";

export type Family = "ipv4" | "ipv6";

/** An address with an optional prefix length in bits, as a user writes a VIP. */
export interface Prefixed {
  readonly address: string;
  readonly prefix: number | undefined;
}

/** Canonical text of an IPv4 or IPv6 address, or undefined where `text` is neither (also `1.2.3`, `010.1.1.1`). */
export function canonicalAddress(text: string): string | undefined {
  if (ipaddr.IPv4.isValidFourPartDecimal(text)) return text;
  if (text.includes("%") || !ipaddr.IPv6.isValid(text)) return undefined;
  return ipaddr.IPv6.parse(withoutDots(text)).toRFC5952String();
}

/** inet_ntop writes some IPv6 addresses as `::198.51.100.1`. ipaddr.js takes them for mapped IPv4 addresses; they are not. */
function withoutDots(text: string): string {
  return text.replace(/(?<=:)(\d+)\.(\d+)\.(\d+)\.(\d+)$/, (_, ...octets: string[]) => {
    const [a, b, c, d] = octets.slice(0, 4).map(Number) as [number, number, number, number];
    return `${(256 * a + b).toString(16)}:${(256 * c + d).toString(16)}`;
  });
}

/** Whether a canonical address is IPv6. An IPv4 address and a host name are not. */
export function isIpv6(address: string): boolean {
  return address.includes(":");
}

/** Family of a canonical address. */
export function familyOf(address: string): Family {
  return isIpv6(address) ? "ipv6" : "ipv4";
}

/** `198.51.100.1:80`, `[2001:db8::1]:80` or `NAME:80`. @param host canonical address or host name. */
export function endpointText(host: string, port: number): string {
  return `${isIpv6(host) ? `[${host}]` : host}:${port}`;
}

/** Bits in an address of the family: 32 or 128. */
export function addressBits(family: Family): 32 | 128 {
  return family === "ipv4" ? 32 : 128;
}

/** `ADDRESS` or `ADDRESS/PREFIX`, or undefined where `text` is neither. */
export function parsePrefixed(text: string): Prefixed | undefined {
  const [addressText = "", prefixText, ...rest] = text.split("/");
  const address = canonicalAddress(addressText);
  if (address === undefined || rest.length > 0) return undefined;
  if (prefixText === undefined) return { address, prefix: undefined };
  if (!/^(0|[1-9]\d{0,2})$/.test(prefixText)) return undefined;
  const prefix = Number(prefixText);
  return prefix <= addressBits(familyOf(address)) ? { address, prefix } : undefined;
}

/** Whether `address` lies in the subnet of `network/prefix`; false across families. */
export function isInSubnet(address: string, network: string, prefix: number): boolean {
  if (familyOf(address) !== familyOf(network)) return false;
  return ipaddr.parse(address).match(ipaddr.parse(network), prefix);
}

/** The subnet of an address: `198.51.100.0/24` of 198.51.100.11 and 24. */
export function subnetOf(address: string, prefix: number): string {
  const network = (isIpv6(address) ? ipaddr.IPv6 : ipaddr.IPv4).networkAddressFromCIDR(
    `${address}/${prefix}`,
  );
  return `${canonicalAddress(network.toString())}/${prefix}`;
}

/** Whether an address can be a host's: not unspecified, loopback, multicast, broadcast or an IPv4-mapped IPv6 address. */
export function isHostAddress(address: string): boolean {
  const range = ipaddr.parse(address).range();
  return !["unspecified", "loopback", "multicast", "broadcast", "ipv4Mapped"].includes(range);
}
