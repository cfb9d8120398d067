/**
 * The addresses that a group's adverts go to: the other members', those that they had until a moment ago, and those of
 * the setting UNICAST_PEERS.
 */

import { AgentError } from "../errors.ts";
import { addressInGroup, type Member } from "../metadata/members.ts";
import { familyOf } from "../network/address.ts";
import { allAddresses } from "../network/host-network.ts";
import type { GroupSettings } from "../settings/table.ts";
import { escapeText } from "../text/escape.ts";
import type { GroupContext } from "./group-context.ts";

/** Why an address is a peer: a member has it, a member had it (`former`), or UNICAST_PEERS lists it. */
export type PeerReason =
  | { readonly address: string; readonly by: "member" | "former"; readonly member: Member }
  | { readonly address: string; readonly by: "setting" };

/**
 * Every reason for every peer; one address may have several.
 *
 * @param source the address that VRRP sends from here.
 * @param vips those of the group. A VIP is never a peer, and neither is an address of this host.
 * @throws {AgentError} PEER_ADDRESS_UNUSABLE: a peer left out without an error would become a second owner.
 */
export function derivePeers(
  settings: GroupSettings,
  source: string,
  vips: ReadonlySet<string>,
  context: GroupContext,
): PeerReason[] {
  const others = context.members.filter((member) => member.hostUuid !== context.hostUuid);
  const local = allAddresses(context.network);
  const present = others.map(
    (member): PeerReason => ({
      address: usableAddress(member, source, { group: context.group, agentIp: context.agentIp, local }),
      by: "member",
      member,
    }),
  );
  const former = others.flatMap((member) =>
    member.formerAddresses.map((address): PeerReason => ({ address, by: "former", member })),
  );
  const listed = (settings.unicastPeers?.value ?? []).map(
    (address): PeerReason => ({ address, by: "setting" }),
  );
  const own = new Set([...local, ...vips]);
  const usable = [...former, ...listed].filter(
    ({ address }) => familyOf(address) === familyOf(source) && !own.has(address),
  );
  return [...present, ...usable];
}

function usableAddress(
  member: Member,
  source: string,
  { group, agentIp, local }: Pick<GroupContext, "group" | "agentIp"> & { readonly local: readonly string[] },
): string {
  const hostName = escapeText(member.hostName);
  const address = addressInGroup(group, member);
  if (address === undefined) throw unusable(`${hostName} has no address that VRRP could use`);
  if (address === agentIp || local.includes(address)) {
    throw unusable(`${hostName} and this host both have ${address}`);
  }
  if (familyOf(address) !== familyOf(source)) {
    throw unusable(`${hostName} has ${address}, but VRRP sends from ${source} here`);
  }
  return address;
}

function unusable(message: string): AgentError {
  return new AgentError("PEER_ADDRESS_UNUSABLE", message);
}
