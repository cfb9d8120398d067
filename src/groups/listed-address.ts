/**
 * The address that metadata lists for this host, where it is not the one that VRRP sends from.
 *
 * The other hosts send to the listed address, and accept adverts from no other.
 */
import { addressInGroup } from "../metadata/members.ts";
import type { Instance } from "../vrrp/instance.ts";
import type { GroupContext } from "./group-context.ts";

/** Undefined where the instance speaks from the listed address, and where it has no peers. */
export function listedAddressOf({ unicast }: Instance, context: GroupContext): string | undefined {
  if (unicast === undefined || unicast.isAlone) return undefined;
  const self = context.members.find((member) => member.hostUuid === context.hostUuid);
  const listed = self && addressInGroup(context.group, self);
  return unicast.source === listed ? undefined : listed;
}

/** Why the other hosts would refuse this host's adverts, and what to set; undefined where they would accept them. */
export function adviseOnSource(instance: Instance, context: GroupContext): string | undefined {
  const listed = listedAddressOf(instance, context);
  if (listed === undefined) return undefined;
  const source = instance.unicast?.source;
  return (
    `VRRP sends from ${source}, but the other hosts know this one as ${listed} and will refuse its adverts: ` +
    `set the label keepalived.address=${source} on this host in Rancher`
  );
}
