import { canonicalAddress, isHostAddress } from "../network/address.ts";
import type { Container, Host, Snapshot } from "./snapshot.ts";

export interface Member {
  readonly hostUuid: string;
  readonly hostName: string;
  /**
   * Canonical address that VRRP packets go to: the host's label `keepalived.address`, else its agent_ip. Undefined where
   * neither is an address of a host; leaving the member out in silence would make a second owner.
   */
  readonly address: string | undefined;
  /** The same for single groups, by their names: labels `keepalived.GROUP.address`. */
  readonly groupAddresses: Readonly<Record<string, string>>;
  /** Addresses that it had until a moment ago: where it has not heard of its new one yet, it still speaks from them. */
  readonly formerAddresses: readonly string[];
}

/** Where adverts of a group go to for a member. */
export function addressInGroup(group: string, member: Member): string | undefined {
  return Object.hasOwn(member.groupAddresses, group) ? member.groupAddresses[group] : member.address;
}

/** States of a container that runs, or of one whose start has only not been reported yet. */
const ALIVE = new Set(["running", "updating-running", "starting"]);

/**
 * The members that one reading of metadata lists: hosts with a living container of the service, and the own
 * host always (a container that just started may be missing from its own list for seconds).
 */
export function listMembers(snapshot: Snapshot): Member[] {
  const hosts = new Map([...snapshot.hosts, snapshot.self].map((host) => [host.uuid, host]));
  const alive = new Set(liveContainers(snapshot).map((container) => container.hostUuid));
  alive.add(snapshot.self.uuid);
  const ownAddress = generalAddress(snapshot.self);
  return [...alive].sort().flatMap((uuid) => {
    const host = hosts.get(uuid);
    if (host === undefined) return [];
    const address = generalAddress(host);
    if (address === ownAddress && isEarlierRegistration(host, snapshot.self)) return [];
    const hostName = host.name || host.hostname || uuid;
    return [{ hostUuid: uuid, hostName, address, groupAddresses: groupAddresses(host), formerAddresses: [] }];
  });
}

/**
 * Whether a reading lists any container of the own host. This agent runs in one, so a list without it is not complete:
 * it says who is there, and nothing about who is gone.
 */
export function listsOwnContainer({ self, service }: Snapshot): boolean {
  return service.containers.some(({ hostUuid }) => hostUuid === self.uuid);
}

/** The living containers of the service, one a host: the newest of those that run. */
export function liveContainers(snapshot: Snapshot): Container[] {
  const byHost = new Map<string, Container>();
  for (const container of snapshot.service.containers) {
    if (!ALIVE.has(container.state)) continue;
    const other = byHost.get(container.hostUuid);
    if (other === undefined || isNewer(container, other)) byHost.set(container.hostUuid, container);
  }
  return [...byHost.values()];
}

function isNewer(container: Container, other: Container): boolean {
  const starting = Number(container.state === "starting") - Number(other.state === "starting");
  if (starting !== 0) return starting < 0;
  return container.createIndex - other.createIndex > 0;
}

/** Whether a host with this machine's address is an earlier registration of it: by its name, or without a connection. */
function isEarlierRegistration(host: Host, self: Host): boolean {
  if (host.uuid === self.uuid) return false;
  return host.hostname === self.hostname || !["", "active"].includes(host.agentState);
}

const ADDRESS_LABEL = "keepalived.address";

function generalAddress(host: Host): string | undefined {
  return hostAddress(host.labels[ADDRESS_LABEL]) ?? hostAddress(host.agentIp);
}

/** What of a host gives the address that `addressIn` finds: the name of a label, or `agent_ip`. */
export function addressSource(group: string, host: Host): string | undefined {
  const labels = [`keepalived.${group}.address`, ADDRESS_LABEL];
  const label = labels.find((name) => hostAddress(host.labels[name]) !== undefined);
  return label ?? (hostAddress(host.agentIp) === undefined ? undefined : "agent_ip");
}

const GROUP_ADDRESS = /^keepalived\.(.+)\.address$/;

function groupAddresses({ labels }: Host): Record<string, string> {
  const entries = Object.entries(labels).flatMap(([label, text]) => {
    const [, group] = GROUP_ADDRESS.exec(label) ?? [];
    const address = hostAddress(text);
    return group === undefined || address === undefined ? [] : [[group, address] as const];
  });
  return Object.fromEntries(entries.toSorted(([a], [b]) => (a < b ? -1 : 1)));
}

function hostAddress(text = ""): string | undefined {
  // most hosts lack the labels, and to find that nothing is no address costs ipaddr.js two exceptions
  if (text === "") return undefined;
  const address = canonicalAddress(text.trim());
  return address !== undefined && isHostAddress(address) ? address : undefined;
}

/** Wherever adverts for a member may go to. */
export function memberAddresses({ address, groupAddresses }: Member): string[] {
  return [...(address === undefined ? [] : [address]), ...Object.values(groupAddresses)];
}
