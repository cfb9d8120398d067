/**
 * The address that metadata lists for this host, where it is not the one that VRRP sends from.
 *
 * The other hosts send to the listed address, and accept adverts from no other. They leave out a host whose address they
 * cannot send to, so such a host must not own a VIP.
 */
import { addressInGroup } from "../metadata/members.ts";
import { isSharedAddress } from "../network/shared-address.ts";
import { escapeText } from "../text/escape.ts";
import type { Instance } from "../vrrp/instance.ts";
import type { GroupContext } from "./group-context.ts";
import { findLeftOut, hasOtherMembers } from "./peers.ts";

/** Undefined where the instance speaks from the listed address, where none is listed, and where no host listens. */
export function listedAddressOf(instance: Instance, context: GroupContext): string | undefined {
  const problem = findProblem(instance, context);
  return problem?.listed;
}

/** Why the other hosts would refuse this host's adverts, and what to set; undefined where they would accept them. */
export function adviseOnSource(instance: Instance, context: GroupContext): string | undefined {
  const problem = findProblem(instance, context);
  if (problem === undefined) return undefined;
  const { listed, isUnusable } = problem;
  const source = instance.unicast?.source;
  const fix = `set the label keepalived.address=${source} on this host in Rancher`;
  if (!isUnusable) {
    return `VRRP sends from ${source}, but the other hosts know this one as ${listed} and will refuse its adverts: ${fix}`;
  }
  return listed === undefined
    ? `Rancher lists no address for this host that the other hosts could send to: ${fix}`
    : `Rancher lists this host with ${listed}, an address that every Docker host has: ${fix}`;
}

/** What the operator should read about members that are no peers. */
export function adviseOnLeftOut({ unicast }: Instance, context: GroupContext): string[] {
  if (unicast === undefined) return [];
  return findLeftOut(context).map(
    ({ member, problem }) =>
      `${escapeText(member.hostName)} is listed with ${problem}: it is no peer and must not own the VIP. ` +
      "Set the label keepalived.address on it in Rancher to its own address",
  );
}

function findProblem(
  { unicast }: Instance,
  context: GroupContext,
): { readonly listed: string | undefined; readonly isUnusable: boolean } | undefined {
  const self = context.members.find((member) => member.hostUuid === context.hostUuid);
  if (unicast === undefined || self === undefined) return undefined;
  const listed = addressInGroup(context.group, self);
  const isUnusable = listed === undefined || isSharedAddress(listed, context.network);
  if (isUnusable) return hasOtherMembers(context) ? { listed, isUnusable } : undefined;
  return unicast.isAlone || unicast.source === listed ? undefined : { listed, isUnusable };
}
