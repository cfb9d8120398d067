/** IPv4 networks as iptables writes them: `A`, `A/24`, or `A/255.0.255.0` where the mask has holes. */

/** Both are unsigned 32-bit numbers: 192.0.2.1 is 0xc0000201. */
export interface Ipv4Network {
  readonly base: number;
  readonly mask: number;
}

/** 169.254.0.0/16, where Rancher's metadata service lives. */
export const LINK_LOCAL: Ipv4Network = { base: 0xa9fe_0000, mask: 0xffff_0000 };

const ALL_BITS = 0xffff_ffff;

/** @returns undefined unless `text` is four decimal octets. */
export function parseIpv4(text: string): number | undefined {
  const octets = text.split(".");
  if (octets.length !== 4 || !octets.every((octet) => /^\d{1,3}$/.test(octet) && Number(octet) <= 255)) {
    return undefined;
  }
  return octets.reduce((number, octet) => number * 256 + Number(octet), 0);
}

export function parseIpv4Network(text: string): Ipv4Network | undefined {
  const [address = "", maskText = "32", ...rest] = text.split("/");
  const base = parseIpv4(address);
  const mask = parseMask(maskText);
  return base === undefined || mask === undefined || rest.length > 0 ? undefined : { base, mask };
}

/** Whether the address, or every address of the inner network, lies in the outer one. */
export function liesIn(inner: number | Ipv4Network, outer: Ipv4Network): boolean {
  const { base, mask } = typeof inner === "number" ? { base: inner, mask: ALL_BITS } : inner;
  return ((mask & outer.mask) ^ outer.mask) === 0 && ((base ^ outer.base) & outer.mask) === 0;
}

function parseMask(text: string): number | undefined {
  if (text.includes(".")) return parseIpv4(text);
  if (!/^\d{1,2}$/.test(text) || Number(text) > 32) return undefined;
  return ALL_BITS - (2 ** (32 - Number(text)) - 1);
}
