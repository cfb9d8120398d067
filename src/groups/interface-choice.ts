import { type Family, familyOf, isInSubnet, subnetOf } from "../network/address.ts";
import {
  allAddresses,
  type HostNetwork,
  isLinkLocal,
  isSpeakable,
  type LocalAddress,
  type LocalInterface,
} from "../network/host-network.ts";
import type { Instance } from "../vrrp/instance.ts";

/** keepalived refuses, or ends over, an interface or source that is not there: that would cost the other groups, too. */
export function canRunHere(instance: Instance, network: HostNetwork): boolean {
  const source = instance.unicast?.source;
  return (
    network.interfaces.some(({ name }) => name === instance.interface) &&
    (source === undefined || allAddresses(network).includes(source))
  );
}

/** An interface, and what it was chosen by. */
export type InterfaceChoice =
  | { readonly name: string; readonly by: "subnet"; readonly subnet: string }
  | { readonly name: string; readonly by: "source" | "route" };

/**
 * The interface for a group without a setting: the one whose subnet holds `firstVip` (the narrowest,
 * if several), else the only one that has `source`, else the default route's. Undefined where none fits. The link-local
 * subnet is every interface's, and tells none apart.
 */
export function chooseInterface(
  network: HostNetwork,
  firstVip: string,
  source: string | undefined,
): InterfaceChoice | undefined {
  const usable = network.interfaces.filter((link) => !link.isLoopback);
  const [inSubnet] = usable
    .flatMap((link) => link.addresses.map((local) => ({ name: link.name, ...local })))
    .filter((local) => !isLinkLocal(firstVip) && isInSubnet(firstVip, local.address, local.prefix))
    .toSorted((a, b) => b.prefix - a.prefix || (a.name < b.name ? -1 : 1));
  if (inSubnet !== undefined) {
    const { name, address, prefix } = inSubnet;
    return { name, by: "subnet", subnet: subnetOf(address, prefix) };
  }
  const withSource = usable.filter((link) => link.addresses.some(({ address }) => address === source));
  const [bySource] = withSource;
  if (bySource !== undefined && withSource.length === 1) return { name: bySource.name, by: "source" };
  const name = network.defaultRoute[familyOf(firstVip)];
  return name === undefined ? undefined : { name, by: "route" };
}

/**
 * The address of the family on an interface to speak from: one that stays, if there is any, and a link-local one only
 * where there is no other. IPv4's order is the kernel's, whose first is the subnet's primary; that of IPv6 means nothing.
 */
export function chooseSource(link: LocalInterface, family: Family): string | undefined {
  const candidates = link.addresses.filter(
    (local) => familyOf(local.address) === family && isSpeakable(local),
  );
  if (family === "ipv6") candidates.sort((a, b) => (a.address < b.address ? -1 : 1));
  return candidates.toSorted((a, b) => weaknessOf(a) - weaknessOf(b))[0]?.address;
}

function weaknessOf({ address, flaw }: LocalAddress): number {
  return 2 * Number(flaw === "passing") + Number(isLinkLocal(address));
}
