/** Chooses the interface and the source address of an instance by what this host's network has. */
import { type Family, familyOf, isInSubnet, subnetOf } from "../network/address.ts";
import {
  type HostNetwork,
  isLinkLocal,
  isSpeakable,
  type LocalAddress,
  type LocalInterface,
} from "../network/host-network.ts";

/** An interface, and what it was chosen by. */
export type InterfaceChoice =
  | { readonly name: string; readonly by: "subnet"; readonly subnet: string }
  | { readonly name: string; readonly by: "source" | "route" };

/**
 * The interface whose subnet holds `firstVip` (of several the narrowest), else the only one that has `source`, else the
 * default route's. Undefined where none fits.
 *
 * A link-local VIP is in a subnet of every interface, so its subnet chooses none.
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
 * The address of the family on an interface to send from: a permanent one before a temporary or deprecated one, a
 * routable one before a link-local one. Undefined on a bridge of containers, whose addresses other hosts have, too.
 *
 * The kernel lists a subnet's primary IPv4 address first, so its order counts. Its order of IPv6 addresses means nothing.
 */
export function chooseSource(link: LocalInterface, family: Family): string | undefined {
  if (link.isForContainers === true) return undefined;
  const candidates = link.addresses.filter(
    (local) => familyOf(local.address) === family && isSpeakable(local),
  );
  if (family === "ipv6") candidates.sort((a, b) => (a.address < b.address ? -1 : 1));
  return candidates.toSorted((a, b) => weaknessOf(a) - weaknessOf(b))[0]?.address;
}

function weaknessOf({ address, flaw }: LocalAddress): number {
  return 2 * Number(flaw === "passing") + Number(isLinkLocal(address));
}
