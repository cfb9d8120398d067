/** The Snapshot of a host without Rancher (METADATA_URL=off): itself, alone, known by its host name. */
import type { Snapshot } from "./snapshot.ts";

export function standaloneSnapshot(hostName: string): Snapshot {
  const self = {
    uuid: hostName,
    name: hostName,
    hostname: hostName,
    agentIp: "",
    environmentUuid: "",
    labels: {},
    agentState: "",
  };
  return {
    version: "off",
    self,
    hosts: [self],
    service: { stackName: "", name: "", metadata: {}, containers: [] },
  };
}
