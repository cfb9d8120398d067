/** What an operator should hear of a host without peers, or with others than its own list says. */

import { describeSource, type Sourced } from "../settings/source.ts";
import type { Instance } from "../vrrp/instance.ts";

/**
 * Why this host is alone though there may be others, or undefined.
 *
 * @param listed the setting UNICAST_PEERS.
 * @param isStandalone there is no metadata to tell of other hosts.
 */
export function adviseOnMissingPeers(
  { unicast }: Instance,
  listed: Sourced<readonly string[]> | undefined,
  isStandalone: boolean,
): string | undefined {
  if (unicast?.isAlone !== true) return undefined;
  if (listed !== undefined)
    return `${describeSource(listed.source)} names no host but this one: it has no peer`;
  return isStandalone
    ? "METADATA_URL is off and UNICAST_PEERS is not set: this host has no peer, and another one with this VIP would be a " +
        "second owner; name it in UNICAST_PEERS, or set UNICAST=false"
    : undefined;
}

/** What to do about hosts whose adverts keepalived drops. */
export function adviseOnUnknownSender(group: string, address: string): string {
  return (
    `${group}: ${address} sends adverts and is no peer of this host, so they are dropped: both may own the VIP. ` +
    "Look for a mistake in UNICAST_PEERS, or for an agent that metadata does not list"
  );
}
