/** Virtual IPs that are somebody's own address: keepalived would take them off their owner, so nothing is done with them. */

import { AgentError } from "../errors.ts";
import { addressBits, familyOf } from "../network/address.ts";
import type { HostNetwork, LocalAddress } from "../network/host-network.ts";
import type { GroupSettings } from "../settings/settings.ts";
import { describeSource } from "../settings/source.ts";
import { escapeText } from "../text/escape.ts";
import type { Vip } from "../vrrp/instance.ts";
import type { GroupContext } from "./group-context.ts";

/** @throws {AgentError} VIP_CONFLICT naming the VIP, where it is written, and whose address it is. */
export function refuseHostAddresses(
  settings: GroupSettings,
  vips: readonly Vip[],
  about: GroupContext,
): void {
  const { members, agentIp, network } = about;
  const names = new Map(
    members.flatMap(({ address, groupAddresses, hostName }) =>
      [address, ...Object.values(groupAddresses)].map((each) => [each, hostName]),
    ),
  );
  const memberWith = (address: string) => {
    const name = names.get(address);
    return name === undefined ? undefined : `the address of ${escapeText(name)}`;
  };
  for (const vip of vips) {
    const own = vip.address === agentIp ? "this host's agent_ip" : undefined;
    const owner = own ?? memberWith(vip.address) ?? placeOf(vip, network);
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
function placeOf(vip: Vip, network: HostNetwork): string | undefined {
  for (const link of network.interfaces) {
    const local = link.addresses.find(({ address }) => address === vip.address);
    if (local && (link.isLoopback || local.prefix !== vip.prefix || !mayBeLeftOver(local))) {
      return `configured on ${escapeText(link.name)} of this host as ${local.address}/${local.prefix}`;
    }
  }
  return undefined;
}
