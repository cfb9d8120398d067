/** A group in words, for the log and the journal. */
import type { Instance } from "../vrrp/instance.ts";

/** `VRRPv3 VRID 50 198.51.100.50 on eth0 from 198.51.100.11`. */
export function describeGroup(instance: Instance): string {
  const { vrrpVersion, virtualRouterId, firstVip, unicast } = instance;
  const how = unicast === undefined ? "multicast" : `from ${unicast.source}`;
  return `VRRPv${vrrpVersion} VRID ${virtualRouterId} ${firstVip.address} on ${instance.interface} ${how}`;
}
