/** The VRID of a group whose settings give none: the number that every host reads off the first VIP. */

import { AgentError } from "../errors.ts";
import { familyOf } from "../network/address.ts";

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

/**
 * A hash of text that is the same on every host, in every version of this product, for ever: hosts derive
 * values from it without talking to each other. FNV-1a over UTF-16 code units, finished as in MurmurHash3 so
 * that names differing in one letter land far apart.
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

const LOWEST = 200;

const HIGHEST = 254;

/** @returns 200-254, dimensionless (RFC 9568 section 5.2.4). */
export function derivePriority(group: string, hostUuid: string): number {
  return LOWEST + (stableHash(`${group}\n${hostUuid}`) % (HIGHEST - LOWEST + 1));
}
