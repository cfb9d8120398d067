/** Whose adverts count while a group changes. A machine that is no member can neither hold a host back nor release it. */
import { memberAddresses } from "../metadata/members.ts";
import type { MetadataView } from "../metadata/view.ts";
import { familyOf } from "../network/address.ts";
import { allAddresses, type HostNetwork } from "../network/host-network.ts";
import type { Instance } from "../vrrp/instance.ts";
import type { Hearing, Strangers } from "../vrrp/obeyed-advert.ts";

/** Where the members of a group are looked up. */
export interface Surroundings {
  readonly network: HostNetwork;
  readonly view: MetadataView;
}

/**
 * Whose adverts count for a group.
 *
 * @param instances what the hosts of the group may run.
 */
export function hearingFor(instances: readonly Instance[], { network, view }: Surroundings): Hearing {
  const { members, snapshot } = view;
  const sources = instances.flatMap(({ unicast }) => unicast?.source ?? []);
  const peers = instances.flatMap(({ unicast }) => unicast?.peers ?? []);
  const others = members.filter(({ hostUuid }) => hostUuid !== snapshot.self.uuid);
  const listed = others.flatMap((member) => [...memberAddresses(member), ...member.formerAddresses]);
  const ownAddresses = new Set([...allAddresses(network), ...sources]);
  const mayBeMembers = new Set([...peers, ...listed]);
  // a host that remembers being alone has its own address as the one peer, and members may have joined since
  const knowsNoOther = view.origin === "last-good" && mayBeMembers.isSubsetOf(ownAddresses);
  const strangers = knowsNoOther ? "all" : strangersOf(instances, { network, view });
  return { ownAddresses, memberAddresses: mayBeMembers, strangers };
}

function strangersOf(instances: readonly Instance[], surroundings: Surroundings): Strangers {
  return instances.every((instance) => isSourceListed(instance, surroundings)) ? "none" : "multicast";
}

/**
 * Whether metadata lists the addresses that members send from. keepalived sends to the multicast group from an interface's
 * first address, or from a link-local one with IPv6. Metadata lists one address a host, which may be another one.
 */
function isSourceListed({ unicast, interface: link, firstVip }: Instance, { network, view }: Surroundings) {
  if (unicast !== undefined) return true;
  if (familyOf(firstVip.address) === "ipv6") return false;
  const self = view.members.find(({ hostUuid }) => hostUuid === view.snapshot.self.uuid);
  const listed = self === undefined ? [] : memberAddresses(self);
  const addresses = network.interfaces.find(({ name }) => name === link)?.addresses ?? [];
  return addresses.some(({ address }) => listed.includes(address));
}
