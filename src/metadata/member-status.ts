/** What metadata says about the other hosts of the service. */
import { endpointText } from "../network/address.ts";
import { isLinkLocal } from "../network/host-network.ts";
import { liveContainers, type Member, memberAddresses } from "./members.ts";
import type { Snapshot } from "./snapshot.ts";

export interface MemberStatus {
  readonly host: string;
  readonly uuid: string;
  /** Canonical addresses that adverts to the host go to: one for all groups, and those of single groups. */
  readonly addresses: readonly string[];
  /**
   * `running`, `starting`: the state of its container. `disconnected`: Rancher does not reach the host. `missing`: the
   * service lists no container on it that runs.
   */
  readonly presence: "running" | "starting" | "disconnected" | "missing";
  /**
   * `http://198.51.100.12:9650`, where its agent's HTTP server is, unless that listens on 127.0.0.1 alone. Undefined without a
   * usable address, or where its label `keepalived.http` is no port.
   */
  readonly url?: string | undefined;
}

/** The label that gives a host's HTTP port, where hosts differ. */
const HTTP_LABEL = "keepalived.http";

/**
 * Of every member except this host, in the order of `members`.
 *
 * @param httpPort the port of agents whose host has no label `keepalived.http`.
 */
export function memberStatuses(
  snapshot: Snapshot,
  members: readonly Member[],
  httpPort: number,
): MemberStatus[] {
  const containers = new Map(liveContainers(snapshot).map((container) => [container.hostUuid, container]));
  const hosts = new Map(snapshot.hosts.map((host) => [host.uuid, host]));
  const presenceOf = (uuid: string): MemberStatus["presence"] => {
    const container = containers.get(uuid);
    if (container === undefined) return "missing";
    if (!["", "active"].includes(hosts.get(uuid)?.agentState ?? "")) return "disconnected";
    return container.state === "starting" ? "starting" : "running";
  };
  return members
    .filter(({ hostUuid }) => hostUuid !== snapshot.self.uuid)
    .map((member) => ({
      host: member.hostName,
      uuid: member.hostUuid,
      addresses: memberAddresses(member),
      presence: presenceOf(member.hostUuid),
      url: urlOf(memberAddresses(member), hosts.get(member.hostUuid)?.labels[HTTP_LABEL], httpPort),
    }));
}

/** An address of one link alone cannot be asked without the name of that link. */
function urlOf(addresses: readonly string[], label = "", httpPort: number): string | undefined {
  const address = addresses.find((each) => !isLinkLocal(each));
  const text = label.trim();
  const port = text === "" ? httpPort : portIn(text);
  if (address === undefined || port < 1 || port > 65_535) return undefined;
  return `http://${endpointText(address, port)}`;
}

/** 0 for a text that is not a port. */
function portIn(text: string): number {
  return /^\d{1,5}$/.test(text) ? Number(text) : 0;
}
