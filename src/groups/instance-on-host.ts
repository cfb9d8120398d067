/** Whether this host has the interface and the source address that an instance needs. */
import { allAddresses, type HostNetwork, speakableAddresses } from "../network/host-network.ts";
import { isSharedAddress } from "../network/shared-address.ts";
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
 * Why the peers of a running instance hear nothing from it, in a sentence. Undefined where it can send from its source,
 * and where it has no peers.
 *
 * keepalived 2.2.7 does not notice a lost source, or one that cannot send yet: it stays or becomes owner while its adverts
 * fail, and a second host takes over.
 */
export function describeLostSource({ unicast }: Instance, network: HostNetwork): string | undefined {
  if (unicast === undefined || unicast.isAlone) return undefined;
  const { source } = unicast;
  if (!allAddresses(network).includes(source)) return lostSourceMessage(source);
  if (!speakableAddresses(network).includes(source)) return tentativeSourceMessage(source);
  return isSharedAddress(source, network)
    ? `the VRRP source ${source} is an address that every Docker host has`
    : undefined;
}

export function lostSourceMessage(source: string): string {
  return `the VRRP source ${source} is gone from this host`;
}

function tentativeSourceMessage(source: string): string {
  return `the VRRP source ${source} cannot send: another host may have it (duplicate address detection)`;
}
