/** Refuses a virtual IP that is the address of a host: keepalived would take the address away from that host. */

import ipaddr from "ipaddr.js";
import { AgentError } from "../errors.ts";
import { addressBits, familyOf, isInSubnet } from "../network/address.ts";
import {
  type HostNetwork,
  isLinkLocal,
  type LocalAddress,
  type LocalInterface,
} from "../network/host-network.ts";
import { describeSource } from "../settings/source.ts";
import type { GroupSettings } from "../settings/table.ts";
import { escapeText } from "../text/escape.ts";
import type { Vip } from "../vrrp/instance.ts";
import type { GroupContext } from "./group-context.ts";

/** @throws {AgentError} VIP_CONFLICT: names the VIP, where it is set, and which host has it. */
export function refuseHostAddresses(
  settings: GroupSettings,
  vips: readonly Vip[],
  { members, agentIp, network }: GroupContext,
): void {
  const hostNames = new Map(
    members.flatMap(({ address, groupAddresses, hostName }) =>
      [address, ...Object.values(groupAddresses)].map((each) => [each, hostName]),
    ),
  );
  const describeMember = (address: string) => {
    const hostName = hostNames.get(address);
    return hostName === undefined ? undefined : `the address of ${escapeText(hostName)}`;
  };
  const addresses = new Set(vips.map(({ address }) => address));
  for (const vip of vips) {
    const own = vip.address === agentIp ? "this host's agent_ip" : undefined;
    const conflict =
      own ??
      describeMember(vip.address) ??
      describeLocalAddress(vip, network, addresses) ??
      describeSubnetAddress(vip, network);
    if (conflict !== undefined) {
      const place =
        settings.virtualIps === undefined ? "" : ` of ${describeSource(settings.virtualIps.source)}`;
      throw new AgentError("VIP_CONFLICT", `the virtual IP ${vip.address}${place} is also ${conflict}`);
    }
  }
}

/** Where this host has the VIP as an address of its own; undefined where an earlier keepalived may have left it there. */
function describeLocalAddress(vip: Vip, network: HostNetwork, vips: ReadonlySet<string>): string | undefined {
  for (const link of network.interfaces) {
    for (const local of link.addresses) {
      if (local.address !== vip.address || isLeftOver(local, { vip, link, network, vips })) continue;
      return `configured on ${escapeText(link.name)} of this host as ${local.address}/${local.prefix}`;
    }
  }
  return undefined;
}

/** Where the VIP is the first or the last address of a subnet of this host: packets to these reach all hosts, or none. */
function describeSubnetAddress(vip: Vip, network: HostNetwork): string | undefined {
  if (familyOf(vip.address) !== "ipv4") return undefined;
  for (const link of network.interfaces.filter(({ isLoopback }) => !isLoopback)) {
    for (const { address, prefix } of link.addresses) {
      if (prefix > 30 || familyOf(address) !== "ipv4") continue;
      const subnet = `${address}/${prefix}`;
      const place = `of ${subnet} on ${escapeText(link.name)} of this host`;
      if (ipaddr.IPv4.networkAddressFromCIDR(subnet).toString() === vip.address)
        return `the network address ${place}`;
      if (ipaddr.IPv4.broadcastAddressFromCIDR(subnet).toString() === vip.address)
        return `the broadcast address ${place}`;
    }
  }
  return undefined;
}

interface Place {
  readonly vip: Vip;
  readonly link: LocalInterface;
  readonly network: HostNetwork;
  readonly vips: ReadonlySet<string>;
}

/**
 * Whether an earlier keepalived left the address. It may have any prefix: the VIP's may have changed since.
 *
 * The kernel does not keep who set an address. But programs that configure a host mark their addresses differently from
 * keepalived, and a host reaches its network through its own address.
 */
function isLeftOver(local: LocalAddress, { vip, link, network, vips }: Place): boolean {
  if (link.isLoopback || link.isForContainers === true) return false;
  const hasNoSubnet = local.prefix === addressBits(familyOf(local.address));
  if (local.prefix === vip.prefix && (local.isSecondary || hasNoSubnet)) return true;
  return local.isConfigured !== true && !isNeeded(local, { link, network, vips });
}

/** Whether the host would lose its way into the network, or other addresses, with this one. */
function isNeeded(
  { address, prefix, isSecondary }: LocalAddress,
  { link, network, vips }: Omit<Place, "vip">,
): boolean {
  const family = familyOf(address);
  const others = link.addresses.filter(
    (other) => familyOf(other.address) === family && !vips.has(other.address) && !isLinkLocal(other.address),
  );
  const isOnlyUplink = others.length === 0 && network.defaultRoute[family] === link.name;
  // the kernel removes secondary addresses with the first one of their subnet
  const hasSecondary =
    !isSecondary &&
    others.some(
      (other) => other.isSecondary && other.prefix === prefix && isInSubnet(other.address, address, prefix),
    );
  return isOnlyUplink || hasSecondary;
}
