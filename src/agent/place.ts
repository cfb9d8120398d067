/** Whether the agent is where its VIPs are to be. */
import { refuseNetwork } from "../core/container-network.ts";
import type { Instance } from "../core/instance-vips.ts";
import type { LocalNetwork } from "../core/local-network.ts";
import { readDockerId } from "../io/own-container.ts";
import { isFirstNetwork } from "../io/proc.ts";

/** @throws {AgentError} HOST_NETWORK_MISSING where this is the network of a container, and no host's. */
export async function refuseContainerNetwork(
  network: LocalNetwork,
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
