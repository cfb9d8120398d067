/** What an instance is derived from, beside the settings of its group. */
import type { LocalNetwork } from "./local-network.ts";
import type { Member } from "./membership.ts";

export interface Circumstances {
  readonly group: string;
  readonly hostUuid: string;
  /** The agent_ip of this host, canonical, where it has one. */
  readonly agentIp: string | undefined;
  readonly members: readonly Member[];
  readonly network: LocalNetwork;
}
