/**
 * Whether the agent is in a network of its container instead of the host's, where a VIP would be of use to nobody.
 *
 * Nothing in the kernel says so. So it is only said where every sign agrees: there is a container, its network is not
 * the machine's first one, it has nothing but the eth0 that Docker makes, with addresses of Docker's or Rancher's own
 * networks only, and the host's address in metadata is not there.
 */

import { AgentError } from "../errors.ts";
import { isInSubnet, isIpv6 } from "../network/address.ts";
import type { HostNetwork } from "../network/host-network.ts";
import type { Instance } from "../vrrp/instance.ts";

export interface NetworkSigns {
  readonly network: HostNetwork;
  readonly isInContainer: boolean;
  /** The network that the kernel was started with: that of a host, unless the host is a container itself. */
  readonly isFirstNetwork: boolean;
  /** By metadata; undefined where it is not known. Behind a NAT it is on no interface of the host. */
  readonly agentIp: string | undefined;
}

/** Docker's default bridges, Rancher's managed network, and link-local addresses, which say nothing. */
const CONTAINER_SUBNETS = [
  ["172.16.0.0", 12],
  ["10.42.0.0", 16],
  ["169.254.0.0", 16],
] as const;
/** The kernel puts these into every network where their modules are loaded. */
const FALLBACK_DEVICE = /^(?:tunl|gre|gretap|erspan|sit|ip6tnl|ip6gre|ip_vti|ip6_vti)0$/;

export function judgeNetwork(signs: NetworkSigns): AgentError | undefined {
  const { network, isInContainer, isFirstNetwork, agentIp } = signs;
  if (!isInContainer || isFirstNetwork) return undefined;
  const links = network.interfaces.filter((link) => !link.isLoopback && !FALLBACK_DEVICE.test(link.name));
  const addresses = links.flatMap((link) => link.addresses.map(({ address }) => address));
  const ipv4 = addresses.filter((address) => !isIpv6(address));
  const isDockers = links.length > 0 && links.every(({ name }) => /^eth\d$/.test(name));
  if (!isDockers || ipv4.length === 0 || !ipv4.every(isContainerAddress)) return undefined;
  if (agentIp !== undefined && addresses.includes(agentIp)) return undefined;
  const names = links.map(({ name }) => name).join(", ");
  return new AgentError(
    "HOST_NETWORK_MISSING",
    `the agent is in the network of its container (only ${names} with ${ipv4.join(", ")}), not in the host's`,
  );
}

/**
 * Why no instance may run here. From the network of a container it would be owner where no client sees it, and its adverts,
 * which leave with the host's address, would end the owner that they see.
 *
 * Less certain signs do where they only show a problem: a VIP of a subnet that is here may well be meant for it.
 */
export function refuseNetwork(signs: NetworkSigns, instances: readonly Instance[]): AgentError | undefined {
  const isOfSubnet = ({ firstVip }: Instance) =>
    signs.network.interfaces.some((link) =>
      link.addresses.some(({ address, prefix }) => isInSubnet(firstVip.address, address, prefix)),
    );
  return instances.some(isOfSubnet) ? undefined : judgeNetwork(signs);
}

function isContainerAddress(address: string): boolean {
  return CONTAINER_SUBNETS.some(([network, prefix]) => isInSubnet(address, network, prefix));
}
