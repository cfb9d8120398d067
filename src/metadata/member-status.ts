/** What metadata says about the other hosts of the service. Nothing else is known of backups: they send no adverts. */
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
}

/** Of every member except this host, in the order of `members`. */
export function memberStatuses(snapshot: Snapshot, members: readonly Member[]): MemberStatus[] {
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
    }));
}
