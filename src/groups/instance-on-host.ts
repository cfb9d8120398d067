/** Whether this host has the interface and the source address that an instance needs. */
import { isIpv6 } from "../network/address.ts";
import {
  allAddresses,
  type HostNetwork,
  isLinkLocal,
  isSpeakable,
  speakableAddresses,
} from "../network/host-network.ts";
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
 * Why the other hosts hear nothing from a running instance, in a sentence. Undefined where it can send, and where it has no
 * peers.
 *
 * keepalived 2.2.7 does not notice a lost source, or one that cannot send yet: it stays or becomes owner while its adverts
 * fail, and a second host takes over.
 */
export function describeLostSource(instance: Instance, network: HostNetwork): string | undefined {
  const { unicast } = instance;
  if (unicast === undefined) return describeLostLinkLocal(instance, network);
  if (unicast.isAlone) return undefined;
  const { source } = unicast;
  if (!allAddresses(network).includes(source)) return lostSourceMessage(source);
  if (!speakableAddresses(network).includes(source)) return tentativeSourceMessage(source);
  return isSharedAddress(source, network)
    ? `the VRRP source ${source} is an address that every Docker host has`
    : undefined;
}

/** IPv6 multicast is sent from the interface's link-local address. */
function describeLostLinkLocal(
  { interface: name, firstVip }: Instance,
  network: HostNetwork,
): string | undefined {
  const locals = network.interfaces.find((link) => link.name === name)?.addresses ?? [];
  const sources = isIpv6(firstVip.address) ? locals.filter(({ address }) => isLinkLocal(address)) : [];
  const [first] = sources;
  return first === undefined || sources.some(isSpeakable) ? undefined : tentativeSourceMessage(first.address);
}

export function lostSourceMessage(source: string): string {
  return `the VRRP source ${source} is gone from this host`;
}

export function tentativeSourceMessage(source: string): string {
  return `the VRRP source ${source} cannot send: another host may have it (duplicate address detection)`;
}
