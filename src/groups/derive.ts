/**
 * What keepalived of this host should do: Settings, membership and the host's network become instances.
 *
 * Everything here is independent of order and of what other hosts see. Values come resolved from settings
 * (environment > host label > service metadata); what is still open is derived here.
 */

import { AgentError } from "../errors.ts";
import { addressBits, type Family, familyOf, type Prefixed } from "../network/address.ts";
import {
  allAddresses,
  findInterface,
  type HostNetwork,
  isLinkLocal,
  type LocalInterface,
  speakableAddresses,
  withoutAddresses,
} from "../network/host-network.ts";
import type { GroupSettings } from "../settings/settings.ts";
import { escapeText } from "../text/escape.ts";
import type { Instance, Unicast, Vip } from "../vrrp/instance.ts";
import type { GroupContext } from "./group-context.ts";
import { chooseInterface, chooseSource, type InterfaceChoice } from "./interface-choice.ts";
import { derivePeers, type PeerReason } from "./peers.ts";
import { derivePriority, deriveVirtualRouterId } from "./shared-numbers.ts";
import { refuseHostAddresses } from "./vip-conflict.ts";

/** An instance, and what its values were derived from where no setting gave them. */
export interface DerivedInstance {
  readonly instance: Instance;
  readonly grounds: DerivationReasons;
}

export interface DerivationReasons {
  /** Undefined: by a setting. */
  readonly interface: InterfaceChoice | undefined;
  readonly source: SourceChoice | undefined;
  /** Why each of the instance's peers is one; none with multicast. */
  readonly peers: readonly PeerReason[];
}

/** The address to speak VRRP from: a setting's, the host's agent_ip, or an address of the interface. */
export interface SourceChoice {
  readonly address: string;
  readonly by: "setting" | "agent_ip" | "interface";
}

/** @throws {AgentError} with the code of the first value that is missing and cannot be derived. */
export function deriveInstance(settings: GroupSettings, about: GroupContext): DerivedInstance {
  const vips = deriveVips(settings);
  const addresses = new Set(vips.map((vip) => vip.address));
  refuseHostAddresses(settings, vips, about);
  const network = withoutAddresses(about.network, addresses);
  const here = { ...about, network };
  const [firstVip, ...others] = vips as [Vip, ...Vip[]];
  const { interfaceName, ...place } = derivePlace(settings, firstVip, here);
  const isUnicast = settings.unicast.value === true;
  const peers = isUnicast ? derivePeers(settings, sourceOf(place), addresses, here) : [];
  const instance = {
    name: about.group,
    interface: interfaceName,
    virtualRouterId: settings.vrid?.value ?? deriveVirtualRouterId(firstVip.address),
    priority: settings.priority?.value ?? derivePriority(about.group, about.hostUuid),
    advertIntervalSeconds: settings.advertIntervalSeconds.value,
    vrrpVersion: settings.vrrpVersion.value,
    preempt: settings.preempt.value,
    preemptDelaySeconds: settings.preemptDelaySeconds.value,
    unicast: isUnicast ? unicastTo(peers, sourceOf(place)) : undefined,
    firstVip,
    excludedVips: others.toSorted((a, b) => (a.address < b.address ? -1 : 1)),
    authPass: settings.authPass?.value,
  };
  return { instance, grounds: { ...place, peers } };
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
  about: GroupContext,
): Omit<DerivationReasons, "peers"> & { interfaceName: string } {
  const { network } = about;
  const family = familyOf(firstVip.address);
  const preferred = preferredSource(settings, family, about);
  const chosen = settings.interface
    ? undefined
    : chooseInterface(network, firstVip.address, preferred?.address);
  const name = settings.interface?.value ?? chosen?.name;
  const link = name === undefined ? undefined : findInterface(network, name);
  if (link === undefined) {
    const what =
      name === undefined
        ? `no interface fits ${firstVip.address}`
        : `interface ${escapeText(name)} does not exist`;
    throw new AgentError("INTERFACE_UNKNOWN", what);
  }
  const lack = preferred === undefined ? undefined : lackOf(preferred.address, link, network);
  if (preferred !== undefined && lack !== undefined) {
    const { name: place } = settings.unicastSource?.source ?? { name: "agent_ip" };
    throw new AgentError("SOURCE_UNKNOWN", `the VRRP source ${preferred.address} (${place}) ${lack}`);
  }
  const address = chooseSource(link, family);
  const onLink = address === undefined ? undefined : ({ address, by: "interface" } as const);
  return { interfaceName: link.name, interface: chosen, source: preferred ?? onLink };
}

/** What keeps VRRP from speaking from an address on an interface. */
function lackOf(source: string, link: LocalInterface, network: HostNetwork): string | undefined {
  if (!allAddresses(network).includes(source)) return "is not an address of this host";
  if (!speakableAddresses(network).includes(source)) {
    return "cannot be used yet, as another host may have it (duplicate address detection)";
  }
  const isOnLink = link.addresses.some(({ address }) => address === source);
  return isLinkLocal(source) && !isOnLink ? `is link-local, but not on ${link.name}` : undefined;
}

/** The address that a setting or Rancher gives; an agent_ip counts only where this host can speak from it. */
function preferredSource(
  { unicastSource }: GroupSettings,
  family: Family,
  { network, agentIp }: GroupContext,
): SourceChoice | undefined {
  if (unicastSource !== undefined) return { address: unicastSource.value, by: "setting" };
  const isUsable =
    agentIp !== undefined && speakableAddresses(network).includes(agentIp) && familyOf(agentIp) === family;
  return isUsable ? { address: agentIp, by: "agent_ip" } : undefined;
}

function sourceOf({ source }: Pick<DerivationReasons, "source">): string {
  if (source !== undefined) return source.address;
  throw new AgentError("SOURCE_UNKNOWN", "this host has no address of the VIP's family to speak VRRP from");
}

function unicastTo(claims: readonly PeerReason[], source: string): Unicast {
  const peers = [...new Set(claims.map(({ address }) => address))].sort();
  return peers.length === 0 ? { source, peers: [source], isAlone: true } : { source, peers, isAlone: false };
}
