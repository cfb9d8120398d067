/**
 * The addresses to which a group's adverts go: those of the other members, those that they had until a moment ago, and
 * those of the setting UNICAST_PEERS.
 */

import { AgentError } from "../errors.ts";
import { addressInGroup, type Member } from "../metadata/members.ts";
import { familyOf } from "../network/address.ts";
import { allAddresses } from "../network/host-network.ts";
import { isSharedAddress, ownAddresses } from "../network/shared-address.ts";
import type { GroupSettings } from "../settings/table.ts";
import { escapeText } from "../text/escape.ts";
import type { Unicast } from "../vrrp/instance.ts";
import type { GroupContext } from "./group-context.ts";

/** Why an address is a peer: a member has it, a member had it (`former`), or UNICAST_PEERS lists it. */
export type PeerReason =
  | { readonly address: string; readonly by: "member" | "former"; readonly member: Member }
  | { readonly address: string; readonly by: "setting" };

/** A member that cannot be a peer. It holds itself back, as no other host accepts its adverts. */
export interface LeftOutMember {
  readonly member: Member;
  /** What is wrong with its address, after the words "is listed with". */
  readonly problem: string;
}

/**
 * The other members that no host can send to: without an address, or with one that other hosts also have.
 *
 * A host that is listed with an address of this host is this host as it was registered earlier, or has a wrong label.
 */
export function findLeftOut(context: GroupContext): LeftOutMember[] {
  const { group, network } = context;
  const own = new Set(ownAddresses(network));
  return otherMembers(context).flatMap((member) => {
    const address = addressInGroup(group, member);
    if (address === undefined) return [{ member, problem: "no address that VRRP could use" }];
    if (isSharedAddress(address, network))
      return [{ member, problem: `${address}, as every Docker host is` }];
    return own.has(address) ? [{ member, problem: `${address}, an address of this host` }] : [];
  });
}

/** Whether another machine is a member. A host listed with an address of this one alone does not count. */
export function hasOtherMembers(context: GroupContext): boolean {
  const own = new Set(ownAddresses(context.network));
  return otherMembers(context).some((member) => !own.has(addressInGroup(context.group, member) ?? ""));
}

function otherMembers({ members, hostUuid }: GroupContext): Member[] {
  return members.filter((member) => member.hostUuid !== hostUuid);
}

/**
 * Every reason for every peer; one address may have several.
 *
 * @param source the address that VRRP sends from here.
 * @param vips those of the group. A VIP is never a peer, and neither is an address of this host.
 * @throws {AgentError} PEER_ADDRESS_UNUSABLE: a peer left out that does not hold itself back would be a second owner.
 */
export function derivePeers(
  settings: GroupSettings,
  source: string,
  vips: ReadonlySet<string>,
  context: GroupContext,
): PeerReason[] {
  const leftOut = new Set(findLeftOut(context).map(({ member }) => member));
  const others = otherMembers(context);
  const present = others
    .filter((member) => !leftOut.has(member))
    .map((member): PeerReason => ({ address: usableAddress(member, source, context), by: "member", member }));
  const former = others.flatMap((member) =>
    member.formerAddresses.map((address): PeerReason => ({ address, by: "former", member })),
  );
  const listed = (settings.unicastPeers?.value ?? []).map(
    (address): PeerReason => ({ address, by: "setting" }),
  );
  const own = new Set([...allAddresses(context.network), ...vips]);
  const usable = [...former, ...listed].filter(
    ({ address }) =>
      familyOf(address) === familyOf(source) &&
      !own.has(address) &&
      !isSharedAddress(address, context.network),
  );
  return [...present, ...usable];
}

/** @param addresses those of the peers, in any order and repeated. */
export function unicastTo(addresses: readonly string[], source: string): Unicast {
  const peers = [...new Set(addresses)].sort();
  // keepalived reads an empty list of peers as multicast
  return peers.length === 0 ? { source, peers: [source], isAlone: true } : { source, peers, isAlone: false };
}

function usableAddress(member: Member, source: string, { group }: GroupContext): string {
  const hostName = escapeText(member.hostName);
  const address = addressInGroup(group, member) ?? "";
  if (familyOf(address) === familyOf(source)) return address;
  throw new AgentError(
    "PEER_ADDRESS_UNUSABLE",
    `${hostName} has ${address}, but VRRP sends from ${source} here`,
  );
}
