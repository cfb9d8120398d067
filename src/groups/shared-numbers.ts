/**
 * Numbers that hosts derive alike without talking to each other: the VRID of a group, and a host's priority in it.
 *
 * Hosts of different versions run in one group, so none of these numbers may ever change.
 */

import { AgentError } from "../errors.ts";
import { isIpv6 } from "../network/address.ts";

const LOWEST_PRIORITY = 200;
const HIGHEST_PRIORITY = 254;

/**
 * The VRID of a group whose settings give none.
 *
 * @param firstVip canonical address of the group's first VIP.
 * @returns 1-255: the last octet of an IPv4 address, a stable hash of an IPv6 address.
 * @throws {AgentError} VRID_UNKNOWN where the last octet is 0: VRIDs start at 1.
 */
export function deriveVirtualRouterId(firstVip: string): number {
  if (isIpv6(firstVip)) return 1 + (stableHash(firstVip) % 255);
  const lastOctet = Number(firstVip.slice(firstVip.lastIndexOf(".") + 1));
  if (lastOctet === 0) {
    throw new AgentError("VRID_UNKNOWN", `no VRID can be derived from ${firstVip}, whose last octet is 0`);
  }
  return lastOctet;
}

/**
 * The priority of a host in a group whose settings give none. Groups of equal settings spread over the hosts.
 *
 * @returns 200-254 (RFC 9568 section 5.2.4).
 */
export function derivePriority(group: string, hostUuid: string): number {
  const count = HIGHEST_PRIORITY - LOWEST_PRIORITY + 1;
  return LOWEST_PRIORITY + (stableHash(`${group}\n${hostUuid}`) % count);
}

/**
 * A hash that is the same on every host and in every version.
 *
 * FNV-1a over UTF-16 code units, finished as in MurmurHash3: texts that differ in one letter get distant numbers.
 *
 * @returns an unsigned 32-bit integer.
 */
export function stableHash(text: string): number {
  let hash = 0x811c9dc5;
  for (let index = 0; index < text.length; index += 1) {
    hash = Math.imul(hash ^ text.charCodeAt(index), 0x01000193);
  }
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return (hash ^ (hash >>> 16)) >>> 0;
}
