/** What an instance is derived from, besides the settings of its group. */

import type { Member } from "../metadata/members.ts";
import type { MetadataView } from "../metadata/view.ts";
import { canonicalAddress } from "../network/address.ts";
import type { HostNetwork } from "../network/host-network.ts";

export interface GroupContext {
  readonly group: string;
  readonly hostUuid: string;
  /** The agent_ip of this host, canonical; undefined where it has none. */
  readonly agentIp: string | undefined;
  readonly members: readonly Member[];
  readonly network: HostNetwork;
}

export function groupContext(
  group: string,
  { snapshot, members }: MetadataView,
  network: HostNetwork,
): GroupContext {
  const { uuid: hostUuid, agentIp } = snapshot.self;
  return { group, hostUuid, agentIp: canonicalAddress(agentIp), members, network };
}
