/**
 * Detects an agent in its container's own network instead of the host's. No client could reach a VIP there.
 *
 * The kernel has no flag for this, so all signs must agree: the agent is in a container, its network is not the one that
 * the machine booted with, every interface is one that Docker makes, every IPv4 address belongs to a network of Docker,
 * Rancher or podman, and the host's address in metadata is missing.
 */

import { AgentError } from "../errors.ts";
import { isInSubnet, isIpv6 } from "../network/address.ts";
import type { HostNetwork } from "../network/host-network.ts";
import type { Instance } from "../vrrp/instance.ts";

export interface NetworkSigns {
  readonly network: HostNetwork;
  readonly isInContainer: boolean;
  /** Whether it is the network that the kernel booted with: the host's, unless the host is itself a container. */
  readonly isFirstNetwork: boolean;
  /** The host's address in metadata; undefined where unknown. Behind a NAT no interface of the host has it. */
  readonly agentIp: string | undefined;
}

/** Docker's default bridges, Rancher's managed network, podman's, and link-local addresses, which any network may have. */
const CONTAINER_SUBNETS = [
  ["172.16.0.0", 12],
  ["10.42.0.0", 16],
  ["10.88.0.0", 16],
  ["169.254.0.0", 16],
] as const;
/** The kernel adds these to every network while their modules are loaded. */
const FALLBACK_DEVICE = /^(?:tunl|gre|gretap|erspan|sit|ip6tnl|ip6gre|ip_vti|ip6_vti)0$/;

export function judgeNetwork(signs: NetworkSigns): AgentError | undefined {
  const { network, isInContainer, isFirstNetwork, agentIp } = signs;
  if (!isInContainer || isFirstNetwork) return undefined;
  const links = network.interfaces.filter((link) => !link.isLoopback && !FALLBACK_DEVICE.test(link.name));
  const addresses = links.flatMap((link) => link.addresses.map(({ address }) => address));
  const ipv4 = addresses.filter((address) => !isIpv6(address));
  const isFromDocker = links.length > 0 && links.every(({ name }) => /^eth\d$/.test(name));
  if (!isFromDocker || ipv4.length === 0 || !ipv4.every(isContainerAddress)) return undefined;
  if (agentIp !== undefined && addresses.includes(agentIp)) return undefined;
  const names = links.map(({ name }) => name).join(", ");
  return new AgentError(
    "HOST_NETWORK_MISSING",
    `the agent runs in its container's network (only ${names} with ${ipv4.join(", ")}), not in the host's`,
  );
}

/**
 * The error that keeps every instance from running in a container's network. There this host would become an owner that
 * no client reaches, and its adverts, sent from the host's address, would end the owner that clients do reach.
 *
 * A VIP in a subnet of this network may be intended, so it does not refuse then, while `judgeNetwork` still reports a problem.
 */
export function refuseNetwork(signs: NetworkSigns, instances: readonly Instance[]): AgentError | undefined {
  const isInLocalSubnet = ({ firstVip }: Instance) =>
    signs.network.interfaces.some((link) =>
      link.addresses.some(({ address, prefix }) => isInSubnet(firstVip.address, address, prefix)),
    );
  return instances.some(isInLocalSubnet) ? undefined : judgeNetwork(signs);
}

function isContainerAddress(address: string): boolean {
  return CONTAINER_SUBNETS.some(([network, prefix]) => isInSubnet(address, network, prefix));
}
