/** Refuses a virtual IP that is the address of a host: keepalived would take the address away from that host. */

import { AgentError } from "../errors.ts";
import { addressBits, familyOf } from "../network/address.ts";
import type { HostNetwork, LocalAddress } from "../network/host-network.ts";
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
  for (const vip of vips) {
    const own = vip.address === agentIp ? "this host's agent_ip" : undefined;
    const conflict = own ?? describeMember(vip.address) ?? describeLocalAddress(vip, network);
    if (conflict !== undefined) {
      const place =
        settings.virtualIps === undefined ? "" : ` of ${describeSource(settings.virtualIps.source)}`;
      throw new AgentError("VIP_CONFLICT", `the virtual IP ${vip.address}${place} is also ${conflict}`);
    }
  }
}

/** Where this host has the VIP as an address of its own; undefined where keepalived may have put it there. */
function describeLocalAddress(vip: Vip, network: HostNetwork): string | undefined {
  for (const link of network.interfaces) {
    const local = link.addresses.find(({ address }) => address === vip.address);
    if (local && (link.isLoopback || local.prefix !== vip.prefix || !mayBeLeftOver(local))) {
      return `configured on ${escapeText(link.name)} of this host as ${local.address}/${local.prefix}`;
    }
  }
  return undefined;
}

/** Whether an earlier keepalived may have left the address: it is a secondary one of its subnet, or has no subnet. */
function mayBeLeftOver({ address, prefix, isSecondary }: LocalAddress): boolean {
  return isSecondary || prefix === addressBits(familyOf(address));
}
