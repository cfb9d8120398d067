/** Refuses to run instances in a container's own network. */

import type { HostNetwork } from "../../network/host-network.ts";
import { isFirstNetwork, readDockerId } from "../../system/io/proc.ts";
import type { Instance } from "../../vrrp/instance.ts";
import { refuseNetwork } from "../container-network.ts";

/** @throws {AgentError} HOST_NETWORK_MISSING where this is certainly a container's network, not a host's. */
export async function refuseContainerNetwork(
  network: HostNetwork,
  agentIp: string,
  instances: readonly Instance[],
): Promise<void> {
  const isInContainer = (await readDockerId()) !== undefined;
  const known = agentIp === "" ? undefined : agentIp;
  const refusal = refuseNetwork(
    { network, isInContainer, isFirstNetwork: isFirstNetwork(), agentIp: known },
    instances,
  );
  if (refusal !== undefined) throw refusal;
}
