/**
 * Which of Rancher's hosts this one is.
 *
 * The metadata server tells clients apart by source address alone, and a host-networked agent asks with the address of
 * docker0, which is the same on every host. So `self/host` names another host as soon as a host or a container elsewhere is
 * registered with that address. The answer counts only where this machine's own addresses or its name confirm it.
 */

import { AgentError } from "../errors.ts";
import { canonicalAddress } from "../network/address.ts";
import { DOCKER0_ADDRESS } from "../network/shared-address.ts";
import { labelAddresses, listedAddresses } from "./members.ts";
import type { Host } from "./snapshot.ts";

/** What this machine knows of itself. */
export interface MachineIdentity {
  readonly hostName: string;
  /** Those that no other host has: without VIPs, which move between hosts, and without those of Docker's bridges. */
  readonly addresses: readonly string[];
  /** The setting HOST_UUID. */
  readonly hostUuid?: string | undefined;
  /** Host of the container that has the agent's own Docker id. */
  readonly containerHostUuid?: string | undefined;
  /** Found and verified earlier. A copy of another machine's disk remembers that machine. */
  readonly rememberedHostUuid?: string | undefined;
}

/** What identified this host. `known`: only that it was identified before. */
export type FoundBy = "uuid" | "container" | "address" | "name" | "known";

export interface OwnHost {
  readonly host: Host;
  readonly by: FoundBy;
  /** What `self/host` said, where that is another host. */
  readonly wrongSelfHost?: Host;
}

/**
 * The host that this machine is.
 *
 * @param selfHost the answer of `self/host`, if there was one.
 * @param hosts all hosts of the same version.
 * @throws {AgentError} HOST_UNKNOWN where nothing fits, HOST_AMBIGUOUS where several hosts fit equally well.
 */
export function findOwnHost(
  selfHost: Host | undefined,
  hosts: readonly Host[],
  local: MachineIdentity,
): OwnHost {
  const { host, by } = identify(selfHost, hosts, local);
  return selfHost === undefined || selfHost.uuid === host.uuid
    ? { host, by }
    : { host, by, wrongSelfHost: selfHost };
}

function identify(selfHost: Host | undefined, hosts: readonly Host[], local: MachineIdentity): OwnHost {
  const withUuid = (uuid: string | undefined) => hosts.find((host) => host.uuid === uuid);
  if (local.hostUuid !== undefined)
    return { host: required(withUuid(local.hostUuid), local.hostUuid), by: "uuid" };
  const byContainer = withUuid(local.containerHostUuid);
  if (byContainer !== undefined) return { host: byContainer, by: "container" };

  const [told, known] = [withUuid(selfHost?.uuid), withUuid(local.rememberedHostUuid)];
  const byAddress = hosts.filter((host) => hasAddressOf(host, local));
  const byName = hosts.filter((host) => isNamedLike(host, local));
  const both = byAddress.filter((host) => byName.includes(host));
  const nearNames = notElsewhere(ofEnvironment(byName, known), local);
  const named = sole(nearNames) ?? sole(ofEnvironment(nearNames, selfHost));
  // memory and name outweigh an address that metadata still lists for the host that had it before
  if (both.length === 0 && named !== undefined && named === known) return { host: known, by: "name" };
  // a host that is registered twice is this machine twice: self/host is the later one
  const choose = (candidates: readonly Host[]) =>
    sole(candidates) ??
    oneOf(candidates, told) ??
    oneOf(candidates, known) ??
    sole(ofEnvironment(candidates, known ?? selfHost));
  const addressed = choose(both) ?? choose(byAddress);
  if (addressed !== undefined) return { host: addressed, by: "address" };
  if (byAddress.length > 0) throw ambiguous(byAddress, local);
  if (named !== undefined) return { host: named, by: "name" };
  const remembered = nearNames.length === 0 ? known : oneOf(nearNames, known);
  if (remembered !== undefined) return { host: remembered, by: "known" };
  throw nearNames.length === 0 ? unknown(hosts, local) : ambiguous(nearNames, local);
}
/** Whether a listed address of the host is one that only this machine has. */
function hasAddressOf(host: Host, local: MachineIdentity): boolean {
  const own = new Set(local.addresses.map((address) => canonicalAddress(address)));
  return listedAddresses(host).some((address) => address !== DOCKER0_ADDRESS && own.has(address));
}

/** Equal but for case, or one is the short form of the other. */
function isNamedLike(host: Host, local: MachineIdentity): boolean {
  const theirs = host.hostname.toLowerCase();
  const ours = local.hostName.toLowerCase();
  if (theirs === "" || ours === "") return false;
  return theirs === ours || theirs.startsWith(`${ours}.`) || ours.startsWith(`${theirs}.`);
}

/** Without the hosts whose label names an address of another machine, unless none is left. */
function notElsewhere(hosts: readonly Host[], local: MachineIdentity): readonly Host[] {
  const free = hosts.filter((host) => labelAddresses(host).length === 0 || hasAddressOf(host, local));
  return free.length === 0 ? hosts : free;
}

/** Those of the same environment as a host. Linked environments list their hosts, too. */
function ofEnvironment(hosts: readonly Host[], other: Host | undefined): readonly Host[] {
  return hosts.filter((host) => other === undefined || host.environmentUuid === other.environmentUuid);
}

function sole(hosts: readonly Host[]): Host | undefined {
  return hosts.length === 1 ? hosts[0] : undefined;
}

function oneOf(hosts: readonly Host[], host: Host | undefined): Host | undefined {
  return host !== undefined && hosts.includes(host) ? host : undefined;
}

function required(host: Host | undefined, uuid: string): Host {
  if (host !== undefined) return host;
  const message = `no host in metadata has the uuid ${JSON.stringify(uuid)} of HOST_UUID`;
  throw new AgentError("HOST_UNKNOWN", message);
}

function unknown(hosts: readonly Host[], local: MachineIdentity): AgentError {
  const ours = `the name ${JSON.stringify(local.hostName)} and the addresses ${local.addresses.join(", ") || "(none)"}`;
  return new AgentError("HOST_UNKNOWN", `none of ${hosts.length} hosts in metadata fits ${ours}`);
}

function ambiguous(matches: readonly Host[], local: MachineIdentity): AgentError {
  const uuids = matches.map(({ uuid }) => uuid).join(", ");
  return new AgentError(
    "HOST_AMBIGUOUS",
    `several hosts in metadata fit ${JSON.stringify(local.hostName)} equally well: ${uuids}`,
  );
}
