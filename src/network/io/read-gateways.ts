/** Reads which gateways this host sends to by an interface. */
import { readFileSync } from "node:fs";
import { parseIpv4Gateways, parseIpv6Gateways } from "../gateways.ts";

/** Of both families, canonical. Empty where the kernel's table cannot be read. Never throws. */
export function readGateways(link: string): string[] {
  return [
    ...parseIpv4Gateways(readTable("/proc/net/route"), link),
    ...parseIpv6Gateways(readTable("/proc/net/ipv6_route"), link),
  ];
}

function readTable(path: string): string {
  try {
    return readFileSync(path, "utf8"); // memory, no disk
  } catch {
    return "";
  }
}
