/** What the listening for other owners needs: the groups with their place in the start order, and this host's addresses. */
import { startDelayMs } from "../groups/start-order.ts";
import type { BeginningGroup } from "../listening/io/beginning.ts";
import type { OwnLinks } from "../listening/own-links.ts";
import type { MetadataView } from "../metadata/view.ts";
import { allAddresses, type HostNetwork, linkLocalOf } from "../network/host-network.ts";
import type { Instance } from "../vrrp/instance.ts";

/**
 * Groups that start together spread over the hosts: each host leaves a group to the hosts before it in the start order.
 */
export function beginGroups(
  instances: readonly Instance[],
  { snapshot, members }: MetadataView,
): BeginningGroup[] {
  const groups = instances.map(({ name }) => name);
  const hostUuid = snapshot.self.uuid;
  return instances.map((instance) => ({
    instance,
    turnDelayMs: startDelayMs(instance.name, { groups, members, hostUuid }),
  }));
}

export function ownLinks(network: HostNetwork): OwnLinks {
  const macs = network.interfaces.flatMap(({ name, mac }) =>
    mac === undefined ? [] : [[name, mac] as const],
  );
  const linkLocals = network.interfaces.flatMap((link) => {
    const linkLocal = linkLocalOf(link);
    return linkLocal === undefined ? [] : [[link.name, linkLocal] as const];
  });
  return {
    addresses: new Set(allAddresses(network)),
    macs: new Map(macs),
    linkLocals: new Map(linkLocals),
    down: new Set(network.interfaces.filter(({ isDown }) => isDown === true).map(({ name }) => name)),
  };
}
