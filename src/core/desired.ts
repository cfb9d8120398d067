/**
 * What keepalived of this host should do: Settings, membership and the local network become instances.
 *
 * Everything here is independent of order and of what other hosts see. Values come resolved from settings
 * (environment > host label > service metadata); what is still open is derived here.
 */
import { addressBits, familyOf, type Prefixed } from "./address.ts";
import { AgentError } from "./errors.ts";
import {
  allAddresses,
  chooseInterface,
  chooseSource,
  findInterface,
  isLinkLocal,
  type LocalAddress,
  type LocalInterface,
  type LocalNetwork,
  speakableAddresses,
  withoutAddresses,
} from "./local-network.ts";
import { addressIn, type Member } from "./membership.ts";
import { derivePriority } from "./priority.ts";
import type { GroupSettings } from "./settings.ts";
import { describeSource } from "./settings-source.ts";
import { deriveVirtualRouterId } from "./virtual-router-id.ts";

/** A VIP as it is put on an interface. */
export interface Vip {
  readonly address: string;
  /** Prefix length in bits. */
  readonly prefix: number;
}

/** Where adverts go: to each peer, never an empty list; a host that is alone has its own address as the one peer. */
export interface Unicast {
  readonly source: string;
  readonly peers: readonly string[];
  readonly isAlone: boolean;
}

/** One `vrrp_instance` of keepalived.conf. */
export interface Instance {
  readonly name: string;
  readonly interface: string;
  readonly virtualRouterId: number;
  readonly priority: number;
  readonly advertIntervalSeconds: number;
  readonly vrrpVersion: 2 | 3;
  readonly preempt: boolean;
  readonly preemptDelaySeconds: number;
  /** Undefined: multicast. */
  readonly unicast: Unicast | undefined;
  /** The one VIP that is advertised, so that hosts with different lists of VIPs never split. */
  readonly firstVip: Vip;
  /** All others, sorted: they follow the first. */
  readonly excludedVips: readonly Vip[];
  readonly authPass: string | undefined;
}

export interface Desired {
  readonly routerId: string;
  readonly instances: readonly Instance[];
}

/** What an instance is derived from. */
export interface Circumstances {
  readonly group: string;
  readonly hostUuid: string;
  /** The agent_ip of this host, canonical, where it has one. */
  readonly agentIp: string | undefined;
  readonly members: readonly Member[];
  readonly network: LocalNetwork;
}

/** @throws {AgentError} with the code of the first value that is missing and cannot be derived. */
export function deriveInstance(settings: GroupSettings, about: Circumstances): Instance {
  const vips = deriveVips(settings);
  const addresses = new Set(vips.map((vip) => vip.address));
  refuseConflicts(settings, vips, about);
  const network = withoutAddresses(about.network, addresses);
  const here = { ...about, network };
  const [firstVip, ...others] = vips as [Vip, ...Vip[]];
  const { interfaceName, source } = derivePlace(settings, firstVip, here);
  const unicast =
    settings.unicast.value === true ? deriveUnicast(settings, source, addresses, here) : undefined;
  return {
    name: about.group,
    interface: interfaceName,
    virtualRouterId: settings.vrid?.value ?? deriveVirtualRouterId(firstVip.address),
    priority: settings.priority?.value ?? derivePriority(about.group, about.hostUuid),
    advertIntervalSeconds: settings.advertIntervalSeconds.value,
    vrrpVersion: settings.vrrpVersion.value,
    preempt: settings.preempt.value,
    preemptDelaySeconds: settings.preemptDelaySeconds.value,
    unicast,
    firstVip,
    excludedVips: others.toSorted((a, b) => (a.address < b.address ? -1 : 1)),
    authPass: settings.authPass?.value,
  };
}

/** Name for `router_id`: what a human calls the host, in letters that need no quoting. */
export function deriveRouterId(hostName: string): string {
  return hostName.replaceAll(/[^A-Za-z0-9.-]/g, "-").slice(0, 64) || "rancher-host";
}

function deriveVips(settings: GroupSettings): Vip[] {
  const vips = settings.virtualIps?.value ?? [];
  if (vips.length === 0) throw new AgentError("VIP_MISSING", "no virtual IP is set anywhere");
  return vips.map((vip) => ({ address: vip.address, prefix: prefixOf(vip, settings) }));
}

function prefixOf(vip: Prefixed, settings: GroupSettings): number {
  if (vip.prefix !== undefined) return vip.prefix;
  const family = familyOf(vip.address);
  const mask = settings.virtualMask?.value;
  // One mask may stand beside VIPs of both families: up to 32 it is meant for IPv4, above for IPv6.
  const isMeant = mask !== undefined && mask > 32 === (family === "ipv6");
  return isMeant ? mask : addressBits(family);
}

function derivePlace(
  settings: GroupSettings,
  firstVip: Vip,
  { network, agentIp }: Circumstances,
): { interfaceName: string; source: string | undefined } {
  const local = new Set(speakableAddresses(network));
  const family = familyOf(firstVip.address);
  const usableAgentIp = agentIp && local.has(agentIp) && familyOf(agentIp) === family ? agentIp : undefined;
  const preferred = settings.unicastSource?.value ?? usableAgentIp;
  const name = settings.interface?.value ?? chooseInterface(network, firstVip.address, preferred);
  const link = name === undefined ? undefined : findInterface(network, name);
  if (link === undefined) {
    const what =
      name === undefined ? `no interface fits ${firstVip.address}` : `interface ${name} does not exist`;
    throw new AgentError("INTERFACE_UNKNOWN", what);
  }
  const lack = preferred === undefined ? undefined : lackOf(preferred, link, network);
  if (lack !== undefined) {
    const { name: place } = settings.unicastSource?.source ?? { name: "agent_ip" };
    throw new AgentError("SOURCE_UNKNOWN", `the VRRP source ${preferred} (${place}) ${lack}`);
  }
  return { interfaceName: link.name, source: preferred ?? chooseSource(link, family) };
}

/** What keeps VRRP from speaking from an address on an interface. */
function lackOf(source: string, link: LocalInterface, network: LocalNetwork): string | undefined {
  if (!allAddresses(network).includes(source)) return "is not an address of this host";
  if (!speakableAddresses(network).includes(source)) {
    return "cannot be used yet, as another host may have it (duplicate address detection)";
  }
  const isOnLink = link.addresses.some(({ address }) => address === source);
  return isLinkLocal(source) && !isOnLink ? `is link-local, but not on ${link.name}` : undefined;
}

function deriveUnicast(
  settings: GroupSettings,
  source: string | undefined,
  vips: ReadonlySet<string>,
  about: Circumstances,
): Unicast {
  if (source === undefined) {
    throw new AgentError("SOURCE_UNKNOWN", "this host has no address of the VIP's family to speak VRRP from");
  }
  const family = familyOf(source);
  const others = about.members.filter((member) => member.hostUuid !== about.hostUuid);
  const members = usableAddresses(others, source, about);
  const former = others.flatMap(({ formerAddresses }) => formerAddresses);
  const own = new Set([...allAddresses(about.network), ...vips]);
  const added = [...former, ...(settings.unicastPeers?.value ?? [])].filter(
    (address) => familyOf(address) === family && !own.has(address),
  );
  const peers = [...new Set([...members, ...added])].sort();
  return peers.length === 0 ? { source, peers: [source], isAlone: true } : { source, peers, isAlone: false };
}

/** A peer left out in silence would be a second owner, so a peer without a usable address stops the derivation. */
function usableAddresses(others: readonly Member[], source: string, about: Circumstances): string[] {
  const here = [...allAddresses(about.network), ...(about.agentIp === undefined ? [] : [about.agentIp])];
  return others.map((member) => {
    const { hostName } = member;
    const address = addressIn(about.group, member);
    if (address === undefined) throw unusable(`${hostName} has no address that VRRP could use`);
    if (here.includes(address)) throw unusable(`${hostName} and this host both have ${address}`);
    if (familyOf(address) !== familyOf(source)) {
      throw unusable(`${hostName} has ${address}, but VRRP speaks from ${source} here`);
    }
    return address;
  });
}

function unusable(message: string): AgentError {
  return new AgentError("PEER_ADDRESS_UNUSABLE", message);
}

/** A VIP that is somebody's own address would be taken off its owner; so nothing is done with it. */
function refuseConflicts(settings: GroupSettings, vips: readonly Vip[], about: Circumstances): void {
  const { members, agentIp, network } = about;
  const taken = new Map(
    members.flatMap(({ address, groupAddresses, hostName }) =>
      [address, ...Object.values(groupAddresses)].map((each) => [each, `the address of ${hostName}`]),
    ),
  );
  if (agentIp !== undefined) taken.set(agentIp, "this host's agent_ip");
  for (const vip of vips) {
    const owner = taken.get(vip.address) ?? placeOf(vip, network);
    if (owner !== undefined) {
      const place =
        settings.virtualIps === undefined ? "" : ` of ${describeSource(settings.virtualIps.source)}`;
      throw new AgentError("VIP_CONFLICT", `the virtual IP ${vip.address}${place} is also ${owner}`);
    }
  }
}

/** Whether some keepalived may have left the address behind: it is one of many of its subnet, or of no subnet. */
function mayBeLeftOver({ address, prefix, isSecondary }: LocalAddress): boolean {
  return isSecondary || prefix === addressBits(familyOf(address));
}

/** Where the host has the address on its own account. */
function placeOf(vip: Vip, network: LocalNetwork): string | undefined {
  for (const link of network.interfaces) {
    const local = link.addresses.find(({ address }) => address === vip.address);
    if (local && (link.isLoopback || local.prefix !== vip.prefix || !mayBeLeftOver(local))) {
      return `configured on ${link.name} of this host as ${local.address}/${local.prefix}`;
    }
  }
  return undefined;
}

/** The interfaces of instances with the kernel's numbers for them, as one text to be compared. */
export function interfaceNumbers(instances: readonly Instance[], network: LocalNetwork): string {
  const names = new Set(instances.map((instance) => instance.interface));
  const links = network.interfaces.filter(({ name }) => names.has(name));
  return links.map(({ name, index }) => `${name} ${index}`).join();
}

/**
 * Why nobody hears an instance that runs, in a sentence, or undefined where it is heard, or where there is nobody else.
 *
 * keepalived 2.2.7 does not notice: it goes on as owner while its adverts fail, and another host becomes owner, too.
 */
export function lossOf({ unicast }: Instance, network: LocalNetwork): string | undefined {
  if (unicast === undefined || unicast.isAlone || allAddresses(network).includes(unicast.source))
    return undefined;
  return reasonOfLoss(unicast.source);
}

export function reasonOfLoss(source: string): string {
  return `${source}, which VRRP speaks from, is gone from this host`;
}

/**
 * Why the other hosts would not accept this host's adverts, in a sentence, or undefined where they would.
 *
 * They send to the address that metadata gives for this host, and take adverts from no other.
 */
export function adviseOnSource(instance: Instance, about: Circumstances): string | undefined {
  const listed = otherAddressOf(instance, about);
  const source = instance.unicast?.source;
  if (listed === undefined) return undefined;
  return (
    `VRRP speaks from ${source}, but the other hosts know this one as ${listed} and will refuse its adverts: ` +
    `set the label keepalived.address=${source} on this host in Rancher`
  );
}

/** The address by which the other hosts know this one, where VRRP speaks from another. */
export function otherAddressOf({ unicast }: Instance, about: Circumstances): string | undefined {
  const self = about.members.find((member) => member.hostUuid === about.hostUuid);
  const listed = self && addressIn(about.group, self);
  return unicast === undefined || unicast.isAlone || unicast.source === listed ? undefined : listed;
}
