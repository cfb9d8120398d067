/** The members of the service: the hosts that run a container of it, and the addresses that adverts to them go to. */
import { canonicalAddress, isHostAddress } from "../network/address.ts";
import { byName } from "../text/by-name.ts";
import type { Container, Host, Snapshot } from "./snapshot.ts";

export interface Member {
  readonly hostUuid: string;
  readonly hostName: string;
  /**
   * Canonical address that adverts to the member go to: the host's label `keepalived.address`, else its agent_ip.
   * Undefined where neither is usable. Such a member is kept: one left out silently would become a second owner.
   */
  readonly address: string | undefined;
  /** The address for single groups, by group: labels `keepalived.GROUP.address`. */
  readonly groupAddresses: Readonly<Record<string, string>>;
  /** Addresses that it had until a moment ago. It sends from them until it learns of its new one. */
  readonly formerAddresses: readonly string[];
}

/** The address that adverts of a group to the member go to. */
export function addressInGroup(group: string, member: Member): string | undefined {
  return Object.hasOwn(member.groupAddresses, group) ? member.groupAddresses[group] : member.address;
}

/** A container in one of these states runs, or its start has not been reported yet. */
const ALIVE = new Set(["running", "updating-running", "starting"]);

/** A snapshot is compared with the one before and the one after it, and its members are asked for each time. */
const known = new WeakMap<Snapshot, readonly Member[]>();

/**
 * The members that one reading of metadata lists: the hosts with a live container of the service. This host is always
 * one, as a container that just started may be missing from the list for seconds.
 */
export function listMembers(snapshot: Snapshot): readonly Member[] {
  const members = known.get(snapshot) ?? membersIn(snapshot);
  known.set(snapshot, members);
  return members;
}

function membersIn(snapshot: Snapshot): Member[] {
  const hosts = new Map([...snapshot.hosts, snapshot.self].map((host) => [host.uuid, host]));
  const alive = new Set(liveContainers(snapshot).map((container) => container.hostUuid));
  alive.add(snapshot.self.uuid);
  return [...alive].sort().flatMap((uuid) => {
    const host = hosts.get(uuid);
    if (host === undefined) return [];
    return [memberOf(host)];
  });
}

/** A container in one of these states is gone for good. */
const GONE = new Set(["removing", "removed", "purging", "purged"]);

/**
 * The hosts whose containers of the service do not run, as metadata tells. Metadata is late: such a container may run
 * already, or start while this host begins. Silence does not show which.
 */
export function listRestingMembers(snapshot: Snapshot): Member[] {
  const alive = new Set([snapshot.self.uuid, ...liveContainers(snapshot).map(({ hostUuid }) => hostUuid)]);
  const resting = new Set(
    snapshot.service.containers.filter(({ state }) => !GONE.has(state)).map(({ hostUuid }) => hostUuid),
  );
  return snapshot.hosts.filter(({ uuid }) => resting.has(uuid) && !alive.has(uuid)).map(memberOf);
}

/** The member that a host is, with a container of the service or without one. */
export function memberOf(host: Host): Member {
  return {
    hostUuid: host.uuid,
    hostName: host.name || host.hostname || host.uuid,
    address: generalAddress(host),
    groupAddresses: groupAddresses(host),
    formerAddresses: [],
  };
}

/**
 * Whether a reading lists a live container of this host. The agent runs in one, so a list that says otherwise is wrong:
 * the hosts in it are members, but it is no evidence that a host missing from it is not one.
 */
export function listsOwnContainer({ self, service }: Snapshot): boolean {
  return service.containers.some(({ hostUuid, state }) => hostUuid === self.uuid && ALIVE.has(state));
}

/** The live containers of the service, one for each host: the newest of those that run. */
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

const ADDRESS_LABEL = "keepalived.address";

function generalAddress(host: Host): string | undefined {
  return hostAddress(host.labels[ADDRESS_LABEL]) ?? hostAddress(host.agentIp);
}

/** The addresses that the labels `keepalived.address` and `keepalived.GROUP.address` give a host. */
export function labelAddresses(host: Host): string[] {
  const general = hostAddress(host.labels[ADDRESS_LABEL]);
  return [...(general === undefined ? [] : [general]), ...Object.values(groupAddresses(host))];
}

/** Every address that Rancher lists for a host: its agent_ip, and those of the labels. */
export function listedAddresses(host: Host): string[] {
  const agentIp = hostAddress(host.agentIp);
  return [...(agentIp === undefined ? [] : [agentIp]), ...labelAddresses(host)];
}

/** Where `addressInGroup` takes the address of a host from: the name of a label, or `agent_ip`. */
export function addressSource(group: string, host: Host): string | undefined {
  const labels = [`keepalived.${group}.address`, ADDRESS_LABEL];
  const label = labels.find((name) => hostAddress(host.labels[name]) !== undefined);
  return label ?? (hostAddress(host.agentIp) === undefined ? undefined : "agent_ip");
}

const GROUP_ADDRESS = /^keepalived\.(.+)\.address$/;

function groupAddresses({ labels }: Host): Record<string, string> {
  const entries = Object.entries(labels).flatMap(([label, text]) => {
    const [, group] = GROUP_ADDRESS.exec(label) ?? [];
    if (group === undefined) return [];
    const address = hostAddress(text);
    return address === undefined ? [] : [[group, address] as const];
  });
  return byName(entries.toSorted(([a], [b]) => (a < b ? -1 : 1)));
}

function hostAddress(text = ""): string | undefined {
  // most hosts lack the labels, and ipaddr.js throws two exceptions for a text that is no address
  if (text === "") return undefined;
  const address = canonicalAddress(text.trim());
  return address !== undefined && isHostAddress(address) ? address : undefined;
}

/** Every address that adverts to a member may go to. */
export function memberAddresses({ address, groupAddresses }: Member): string[] {
  return [...(address === undefined ? [] : [address]), ...Object.values(groupAddresses)];
}
