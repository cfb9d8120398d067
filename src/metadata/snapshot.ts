/** The fields of Rancher's metadata (API 2016-07-29) that the agent uses. */

/** A Rancher host. Names are as the user wrote them. `agentIp` is not always an address of the host itself. */
export interface Host {
  readonly uuid: string;
  readonly name: string;
  readonly hostname: string;
  readonly agentIp: string;
  readonly environmentUuid: string;
  readonly labels: Readonly<Record<string, string>>;
  /** State of Rancher's connection to the host: `active`, `reconnecting`, `disconnected`, ... Empty on old servers. */
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

/** The agent's own service. `metadata` is the document that the user wrote into it. */
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
  /** This host, the other hosts of the service's containers, and those of its members. All are of the own environment. */
  readonly hosts: readonly Host[];
  readonly service: Service;
}

/** Stands for metadata where METADATA_URL is `off`: this host alone, and a service without content. */
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
