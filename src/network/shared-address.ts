/**
 * Addresses that many hosts have, so that they identify none and other hosts cannot send to them: those of Docker's bridges.
 *
 * Docker gives docker0 the same address on every host. A host that registers beside rancher/server gets it as its agent_ip.
 */
import { isInSubnet } from "./address.ts";
import type { HostNetwork, LocalInterface } from "./host-network.ts";

/** The address that Docker gives docker0 unless told otherwise. */
export const DOCKER0_ADDRESS = "172.17.0.1";

/** Names that Docker gives its bridges. */
const DOCKER_BRIDGE = /^(?:docker0|docker_gwbridge|br-[0-9a-f]{12})$/;
/** Bridges of other programs that get the same address on every host: RancherOS, libvirt, LXC and LXD, Kubernetes, Podman. */
const ALIKE_BRIDGE = /^(?:docker-sys|virbr0|lxcbr0|lxdbr0|cni0|cni-podman0|podman0)$/;

/**
 * Whether containers of this host are behind the interface: a bridge of Docker's, or the bridge towards metadata.
 *
 * @param metadataLink the interface on whose link the metadata service is.
 * @param uplinks interfaces of the default routes: a bridge that is one of them is the host's own.
 */
export function isContainerBridge(
  { name, isBridge }: Pick<LocalInterface, "name" | "isBridge">,
  metadataLink: string | undefined,
  uplinks: readonly (string | undefined)[],
): boolean {
  if (uplinks.includes(name)) return false;
  if (DOCKER_BRIDGE.test(name)) return true;
  return isBridge === true && (name === metadataLink || ALIKE_BRIDGE.test(name));
}

/** Whether other hosts may have the same address: it is on a bridge of containers here, or docker0's usual one. */
export function isSharedAddress(address: string, { interfaces }: HostNetwork): boolean {
  const links = interfaces.filter(({ addresses }) => addresses.some((local) => local.address === address));
  if (links.length > 0) return links.every(({ isForContainers }) => isForContainers === true);
  // asked for each of thousands of members
  if (address !== DOCKER0_ADDRESS) return false;
  // a network of the host's own that has the same numbers as docker0's usual one
  const isOnLan = interfaces.some(
    (link) =>
      link.isForContainers !== true &&
      link.addresses.some((local) => isInSubnet(address, local.address, local.prefix)),
  );
  return !isOnLan;
}

/** The addresses of this host that no other host has, canonical. */
export function ownAddresses(network: HostNetwork): string[] {
  const links = network.interfaces.filter(({ isForContainers }) => isForContainers !== true);
  return links.flatMap((link) => link.addresses.map(({ address }) => address));
}
