/**
 * The address that metadata lists for this host, where it is not the one that VRRP sends from.
 *
 * The other hosts send to the listed address, and accept adverts from no other. They leave out a host whose address they
 * cannot send to, so such a host must not own a VIP.
 */
import { addressInGroup, type Member } from "../metadata/members.ts";
import { allAddresses, withoutAddresses } from "../network/host-network.ts";
import { isSharedAddress, ownAddresses } from "../network/shared-address.ts";
import { escapeText } from "../text/escape.ts";
import type { Instance } from "../vrrp/instance.ts";
import type { GroupContext } from "./group-context.ts";
import { findLeftOut, hasOtherMembers } from "./peers.ts";

const ONE_PER_HOST = "HOST_UUID is one per host, so it does not belong into a service's environment";

/** Undefined if the instance sends from the listed address, if none is listed, and if no other host listens. */
export function listedAddressOf(instance: Instance, context: GroupContext): string | undefined {
  const problem = findProblem(instance, context);
  return problem?.listed;
}

/** Why the other hosts would refuse this host's adverts, and what to set; undefined where they would accept them. */
export function adviseOnSource(instance: Instance, context: GroupContext): string | undefined {
  const problem = findProblem(instance, context);
  if (problem === undefined) return undefined;
  const { self, listed, isUnusable, twin } = problem;
  const source = instance.unicast?.source;
  const label = `set the label keepalived.address=${source} on`;
  const fix = `${label} this host in Rancher`;
  if (isUnusable) {
    return listed === undefined
      ? `Rancher lists no address for this host that the other hosts could send to: ${fix}`
      : `Rancher lists this host with ${listed}, an address that every Docker host has: ${fix}`;
  }
  const ownName = escapeText(self.hostName);
  if (twin !== undefined) {
    return (
      `this agent takes itself for ${ownName}, which Rancher lists with ${listed}, but Rancher lists ` +
      `${escapeText(twin.hostName)} with an address of this machine: unset HOST_UUID, or set it to ${twin.hostUuid}. ` +
      `${ONE_PER_HOST}. If HOST_UUID is not set, ${label} ${ownName} in Rancher`
    );
  }
  const refusal = `VRRP sends from ${source}, but the other hosts know this one as ${listed} and will refuse its adverts: ${fix}`;
  const isHere = allAddresses(context.network).includes(listed ?? "");
  return isHere
    ? refusal
    : `${refusal}. If ${ownName} is another machine, correct HOST_UUID instead. ${ONE_PER_HOST}`;
}

/** What the operator should read about members that are not peers. */
export function adviseOnLeftOut({ unicast }: Instance, context: GroupContext): string[] {
  if (unicast === undefined) return [];
  return findLeftOut(context).map(
    ({ member, problem }) =>
      `${escapeText(member.hostName)} is listed with ${problem}: it is no peer and must not own the VIP. ` +
      "Set the label keepalived.address on it in Rancher to its own address",
  );
}

interface SourceProblem {
  readonly self: Member;
  readonly listed: string | undefined;
  /** No host could send to the listed address. */
  readonly isUnusable: boolean;
  /** The member that this machine probably is: it is listed with an address of this machine, and this host is not. */
  readonly twin?: Member | undefined;
}

/**
 * A listed address that is not on this machine may be another machine's, and this one is mistaken for it. So it is
 * accepted only if metadata names no other machine, as for a host behind NAT that is alone.
 */
function findProblem(instance: Instance, context: GroupContext): SourceProblem | undefined {
  const { unicast } = instance;
  const self = context.members.find((member) => member.hostUuid === context.hostUuid);
  if (unicast === undefined || self === undefined) return undefined;
  const listed = addressInGroup(context.group, self);
  const isUnusable = listed === undefined || isSharedAddress(listed, context.network);
  if (isUnusable) return hasOtherMembers(context) ? { self, listed, isUnusable } : undefined;
  if (unicast.source === listed) return undefined;
  const isHere = allAddresses(context.network).includes(listed);
  if (isHere) return unicast.isAlone ? undefined : { self, listed, isUnusable };
  const twin = findTwin(instance, context);
  const isExcused = unicast.isAlone && twin === undefined && !hasOtherMembers(context);
  return isExcused ? undefined : { self, listed, isUnusable, twin };
}

/** VIPs do not count: they come and go. */
function findTwin({ firstVip, excludedVips }: Instance, context: GroupContext): Member | undefined {
  const vips = new Set([firstVip, ...excludedVips].map(({ address }) => address));
  const own = new Set(ownAddresses(withoutAddresses(context.network, vips)));
  return context.members.find(
    (member) => member.hostUuid !== context.hostUuid && own.has(addressInGroup(context.group, member) ?? ""),
  );
}
