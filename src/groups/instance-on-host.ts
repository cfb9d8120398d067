/** Whether this host has the interface and the source address that an instance needs. */
import { allAddresses, type HostNetwork } from "../network/host-network.ts";
import type { Instance } from "../vrrp/instance.ts";

/**
 * Whether keepalived can run the instance: its interface and its source exist.
 *
 * keepalived refuses the whole configuration, or ends, where one of them is missing. All groups would stop.
 */
export function canRunHere({ interface: name, unicast }: Instance, network: HostNetwork): boolean {
  const hasInterface = network.interfaces.some((link) => link.name === name);
  return hasInterface && (unicast === undefined || allAddresses(network).includes(unicast.source));
}

/**
 * Why the peers of a running instance hear nothing from it, in a sentence. Undefined where its source exists, and where
 * it has no peers.
 *
 * keepalived 2.2.7 does not notice a lost source: it stays owner while its adverts fail, and a second host takes over.
 */
export function describeLostSource({ unicast }: Instance, network: HostNetwork): string | undefined {
  if (unicast === undefined || unicast.isAlone) return undefined;
  return allAddresses(network).includes(unicast.source) ? undefined : lostSourceMessage(unicast.source);
}

export function lostSourceMessage(source: string): string {
  return `the VRRP source ${source} is gone from this host`;
}
