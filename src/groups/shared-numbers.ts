/** The VRID of a group whose settings give none: the number that every host reads off the first VIP. */

import { AgentError } from "../errors.ts";
import { familyOf } from "../network/address.ts";
import { stableHash } from "./stable-hash.ts";

/**
 * @param firstVip canonical address of the group's first VIP.
 * @returns 1-255: the last octet of an IPv4 address, a stable hash of an IPv6 address.
 * @throws {AgentError} VRID_UNKNOWN where the last octet is 0, which is no VRID.
 */
export function deriveVirtualRouterId(firstVip: string): number {
  if (familyOf(firstVip) === "ipv6") return 1 + (stableHash(firstVip) % 255);
  const lastOctet = Number(firstVip.slice(firstVip.lastIndexOf(".") + 1));
  if (lastOctet === 0) {
    throw new AgentError("VRID_UNKNOWN", `no VRID can be read off ${firstVip}, whose last octet is 0`);
  }
  return lastOctet;
}
