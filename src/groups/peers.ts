/** Whom a group's adverts go to: the other members, the addresses that they had until now, and those of the settings. */

import { AgentError } from "../errors.ts";
import { addressIn, type Member } from "../metadata/members.ts";
import { familyOf } from "../network/address.ts";
import { allAddresses } from "../network/host-network.ts";
import type { GroupSettings } from "../settings/settings.ts";
import { escapeText } from "../text/escape.ts";
import type { GroupContext } from "./group-context.ts";

/** An address that adverts go to, and why: a member's, one that a member had (`former`), or one of UNICAST_PEERS. */
export type PeerReason =
  | { readonly address: string; readonly by: "member" | "former"; readonly member: Member }
  | { readonly address: string; readonly by: "setting" };

/**
 * Every reason for an address to be a peer; an address may have several.
 *
 * @param vips those of the group: none of them is a peer, and no address of this host is.
 * @throws {AgentError} PEER_ADDRESS_UNUSABLE: a peer left out in silence would be a second owner.
 */
export function derivePeers(
  settings: GroupSettings,
  source: string,
  vips: ReadonlySet<string>,
  about: GroupContext,
): PeerReason[] {
  const others = about.members.filter((member) => member.hostUuid !== about.hostUuid);
  const local = allAddresses(about.network);
  const present = others.map((member): PeerReason => {
    return {
      address: usableAddress(member, source, { group: about.group, agentIp: about.agentIp, local }),
      by: "member",
      member,
    };
  });
  const former = others.flatMap((member) =>
    member.formerAddresses.map((address): PeerReason => ({ address, by: "former", member })),
  );
  const added = settings.unicastPeers?.value ?? [];
  const own = new Set([...local, ...vips]);
  const beside = [...former, ...added.map((address): PeerReason => ({ address, by: "setting" }))].filter(
    ({ address }) => familyOf(address) === familyOf(source) && !own.has(address),
  );
  return [...present, ...beside];
}

function usableAddress(
  member: Member,
  source: string,
  { group, agentIp, local }: Pick<GroupContext, "group" | "agentIp"> & { readonly local: readonly string[] },
): string {
  const hostName = () => escapeText(member.hostName);
  const address = addressIn(group, member);
  if (address === undefined) throw unusable(`${hostName()} has no address that VRRP could use`);
  if (address === agentIp || local.includes(address)) {
    throw unusable(`${hostName()} and this host both have ${address}`);
  }
  if (familyOf(address) !== familyOf(source)) {
    throw unusable(`${hostName()} has ${address}, but VRRP speaks from ${source} here`);
  }
  return address;
}

function unusable(message: string): AgentError {
  return new AgentError("PEER_ADDRESS_UNUSABLE", message);
}
