/** The gateways in the kernel's own tables of routes, which are read without a process. */
import { canonicalAddress } from "./address.ts";

/** Flags of a route: it is in use, and goes by a gateway. */
const RTF_UP = 1;
const RTF_GATEWAY = 2;

/** The gateways of an interface in `/proc/net/route`, canonical. Lines that are none are left out. */
export function parseIpv4Gateways(text: string, link: string): string[] {
  return gatewaysIn(text, (fields) => {
    const [name, , gateway = "", flags = ""] = fields;
    if (name !== link || !isByGateway(flags) || gateway.length !== 8) return undefined;
    // in the byte order of the machine: all that Rancher 1.x runs on have the last octet first
    const octets = [6, 4, 2, 0].map((at) => Number.parseInt(gateway.slice(at, at + 2), 16));
    return canonicalAddress(octets.join("."));
  });
}

/** The gateways of an interface in `/proc/net/ipv6_route`, canonical. Lines that are none are left out. */
export function parseIpv6Gateways(text: string, link: string): string[] {
  return gatewaysIn(text, (fields) => {
    const gateway = fields[4] ?? "";
    if (fields[9] !== link || !isByGateway(fields[8] ?? "") || gateway.length !== 32) return undefined;
    return canonicalAddress((gateway.match(/.{4}/g) ?? []).join(":"));
  });
}

function gatewaysIn(text: string, read: (fields: readonly string[]) => string | undefined): string[] {
  const gateways = text.split("\n").map((line) => read(line.trim().split(/\s+/)));
  return [...new Set(gateways.filter((gateway) => gateway !== undefined))];
}

function isByGateway(flags: string): boolean {
  const number = Number.parseInt(flags, 16);
  return (number & RTF_UP) !== 0 && (number & RTF_GATEWAY) !== 0;
}
