/** Whether the other hosts hear an instance from where it speaks. */

import { addressIn } from "../metadata/members.ts";
import { allAddresses, type HostNetwork } from "../network/host-network.ts";
import type { Instance } from "../vrrp/instance.ts";
import type { GroupContext } from "./group-context.ts";

/**
 * Why nobody hears an instance that runs, in a sentence, or undefined where it is heard, or where there is nobody else.
 *
 * keepalived 2.2.7 does not notice: it goes on as owner while its adverts fail, and another host becomes owner, too.
 */
export function describeLostSource({ unicast }: Instance, network: HostNetwork): string | undefined {
  if (unicast === undefined || unicast.isAlone || allAddresses(network).includes(unicast.source))
    return undefined;
  return lostSourceMessage(unicast.source);
}

export function lostSourceMessage(source: string): string {
  return `${source}, which VRRP speaks from, is gone from this host`;
}

/**
 * Why the other hosts would not accept this host's adverts, in a sentence, or undefined where they would.
 *
 * They send to the address that metadata gives for this host, and take adverts from no other.
 */
export function adviseOnSource(instance: Instance, about: GroupContext): string | undefined {
  const listed = listedAddressOf(instance, about);
  const source = instance.unicast?.source;
  if (listed === undefined) return undefined;
  return (
    `VRRP speaks from ${source}, but the other hosts know this one as ${listed} and will refuse its adverts: ` +
    `set the label keepalived.address=${source} on this host in Rancher`
  );
}

/** The address by which the other hosts know this one, where VRRP speaks from another. */
export function listedAddressOf({ unicast }: Instance, about: GroupContext): string | undefined {
  const self = about.members.find((member) => member.hostUuid === about.hostUuid);
  const listed = self && addressIn(about.group, self);
  return unicast === undefined || unicast.isAlone || unicast.source === listed ? undefined : listed;
}
