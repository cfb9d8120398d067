/**
 * Which host is preferred for a group: a VRRP priority from the group's and the host's name alone.
 *
 * A hash and no rank: it needs no list of hosts, so hosts with different views of metadata never disagree, and
 * a joining host changes nobody's priority. Several groups spread over the hosts, because the group's name is
 * part of it. High values, because a backup waits (256 - priority) / 256 of an advert interval before it takes
 * over from an owner that stopped in order (RFC 9568 section 6.1, Skew_Time).
 */
import { stableHash } from "./stable-hash.ts";

const LOWEST = 200;
const HIGHEST = 254;

/** @returns 200-254, dimensionless (RFC 9568 section 5.2.4). */
export function derivePriority(group: string, hostUuid: string): number {
  return LOWEST + (stableHash(`${group}\n${hostUuid}`) % (HIGHEST - LOWEST + 1));
}
