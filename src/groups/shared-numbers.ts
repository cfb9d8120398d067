/**
 * Numbers that hosts derive alike without talking to each other: the VRID of a group, and a host's priority in it.
 *
 * Hosts of different versions run in one group. A VRID must be the same on all of them, so it may never change. A
 * priority may: an owner keeps its VIPs whatever the priorities are, unless PREEMPT is set. Its order may not.
 */

import { AgentError } from "../errors.ts";
import { isIpv6 } from "../network/address.ts";

/** A backup waits for (256 - priority) / 256 of an advert interval when the owner releases the VIPs: 13 ms of 0.2 s. */
export const LOWEST_PRIORITY = 240;
export const HIGHEST_PRIORITY = 254;
/** Earlier versions derived priorities from this one up. */
export const FORMER_LOWEST_PRIORITY = 200;
/** The hash is first taken to this many ranks, as in builds that derived 200-254. */
const RANKS = 55;

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
 * It is never below the 200-254 that earlier builds derive, and keeps their order: all builds prefer the same host.
 * Two hosts may get the same one. Then the higher address is elected.
 *
 * @returns 240-254 (RFC 9568 section 5.2.4).
 */
export function derivePriority(group: string, hostUuid: string): number {
  const rank = stableHash(`${group}\n${hostUuid}`) % RANKS;
  const count = HIGHEST_PRIORITY - LOWEST_PRIORITY + 1;
  return LOWEST_PRIORITY + Math.floor((rank * count) / RANKS);
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
