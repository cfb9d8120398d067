/**
 * Which of Rancher's hosts this one is.
 *
 * The metadata server tells clients apart by source address alone, and a host-networked agent asks with the
 * address of docker0. If a bridge container on another host has the same address, `self/host` names that host.
 * So the answer counts only if this machine's own addresses or its name confirm it.
 */

import { AgentError } from "../errors.ts";
import { canonicalAddress, isHostAddress } from "../network/address.ts";
import type { Host } from "./snapshot.ts";

/** What this machine knows of itself. */
export interface MachineIdentity {
  readonly hostName: string;
  /** Of all interfaces, without VIPs: they move between hosts. */
  readonly addresses: readonly string[];
  /** The setting HOST_UUID. */
  readonly hostUuid?: string | undefined;
  /** Found and verified in an earlier run. */
  readonly rememberedHostUuid?: string | undefined;
}

/** What identified this host. `known`: only that it was identified before. */
export type FoundBy = "uuid" | "address" | "name" | "known";

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
  if (local.hostUuid !== undefined) return byUuid(hosts, local.hostUuid);
  const told = hosts.find(({ uuid }) => uuid === selfHost?.uuid);
  if (told && hasAddressOf(told, local)) return { host: told, by: "address" };

  const known = hosts.find(({ uuid }) => uuid === local.rememberedHostUuid);
  const environmentUuid = (known ?? selfHost)?.environmentUuid;
  const near = hosts.filter((it) => environmentUuid === undefined || it.environmentUuid === environmentUuid);
  const byAddress = near.filter((host) => hasAddressOf(host, local));
  const byName = near.filter((host) => isNamedLike(host, local));
  const both = byAddress.filter((host) => byName.includes(host));

  // docker0's address, registered by mistake, is an address of every host: self/host and a unique name prove more
  if (told && sole(byName) === told) return { host: told, by: "name" };
  const addressed = sole(byAddress) ?? sole(both);
  if (addressed) return { host: addressed, by: "address" };
  const named = byAddress.length === 0 ? sole(byName) : undefined;
  if (named) return { host: named, by: "name" };

  const matches = byAddress.length === 0 ? byName : byAddress;
  if (known && (matches.length === 0 || matches.includes(known))) return { host: known, by: "known" };
  throw matches.length === 0 ? unknown(hosts, local) : ambiguous(matches, local);
}

function byUuid(hosts: readonly Host[], uuid: string): OwnHost {
  const host = hosts.find((candidate) => candidate.uuid === uuid);
  if (host) return { host, by: "uuid" };
  throw new AgentError(
    "HOST_UNKNOWN",
    `no host in metadata has the uuid ${JSON.stringify(uuid)} of HOST_UUID`,
  );
}

function hasAddressOf(host: Host, local: MachineIdentity): boolean {
  const address = canonicalAddress(host.agentIp);
  // every host has the loopback address
  if (address === undefined || !isHostAddress(address)) return false;
  return local.addresses.some((other) => canonicalAddress(other) === address);
}

/** Equal but for case, or one is the short form of the other. */
function isNamedLike(host: Host, local: MachineIdentity): boolean {
  const theirs = host.hostname.toLowerCase();
  const ours = local.hostName.toLowerCase();
  if (theirs === "" || ours === "") return false;
  return theirs === ours || theirs.startsWith(`${ours}.`) || ours.startsWith(`${theirs}.`);
}

function sole(hosts: readonly Host[]): Host | undefined {
  return hosts.length === 1 ? hosts[0] : undefined;
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
