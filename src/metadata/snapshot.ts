/** What the agent keeps of Rancher's metadata (API 2016-07-29): only the fields that it uses. */

/** A Rancher host. Names are as the user wrote them; `agentIp` need not be an address of the host itself. */
export interface Host {
  readonly uuid: string;
  readonly name: string;
  readonly hostname: string;
  readonly agentIp: string;
  readonly environmentUuid: string;
  readonly labels: Readonly<Record<string, string>>;
  /** Rancher's connection to it: `active`, `reconnecting`, `disconnected`, ...; empty in old servers. */
  readonly agentState: string;
}

/** A container of the agent's own service. */
export interface Container {
  readonly uuid: string;
  readonly name: string;
  readonly externalId: string;
  readonly state: string;
  readonly hostUuid: string;
  readonly primaryIp: string;
  readonly environmentUuid: string;
  readonly createIndex: number;
}

/** The agent's own service, addressed by stack and name. `metadata` is the user's free document. */
export interface Service {
  readonly stackName: string;
  readonly name: string;
  readonly metadata: Readonly<Record<string, unknown>>;
  readonly containers: readonly Container[];
}

/** One consistent reading of metadata. Lists are sorted by uuid: the server's order is random. */
export interface Snapshot {
  readonly version: string;
  readonly self: Host;
  /** The hosts of the service's containers, of the own environment only; `self` is among them. */
  readonly hosts: readonly Host[];
  readonly service: Service;
}

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
