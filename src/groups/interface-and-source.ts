/** The interface of an instance, and the address that VRRP sends from: by a setting, else by what this host has. */

import { AgentError } from "../errors.ts";
import { type Family, familyOf } from "../network/address.ts";
import {
  allAddresses,
  findInterface,
  type HostNetwork,
  isLinkLocal,
  type LocalInterface,
  speakableAddresses,
} from "../network/host-network.ts";
import { isSharedAddress } from "../network/shared-address.ts";
import type { GroupSettings } from "../settings/table.ts";
import { escapeText } from "../text/escape.ts";
import type { Vip } from "../vrrp/instance.ts";
import type { GroupContext } from "./group-context.ts";
import { chooseInterface, chooseSource, type InterfaceChoice } from "./interface-choice.ts";

/** The address to send VRRP from: a setting's, the host's agent_ip, or an address of the interface. */
export interface SourceChoice {
  readonly address: string;
  readonly by: "setting" | "agent_ip" | "interface";
}

export interface InterfaceAndSource {
  readonly interfaceName: string;
  /** How the interface was chosen; undefined where a setting names it. */
  readonly interface: InterfaceChoice | undefined;
  /** Undefined where the interface has no address of the VIP's family. */
  readonly source: SourceChoice | undefined;
}

/** @throws {AgentError} INTERFACE_UNKNOWN, SOURCE_UNKNOWN. */
export function deriveInterfaceAndSource(
  settings: GroupSettings,
  firstVip: Vip,
  context: GroupContext,
): InterfaceAndSource {
  const { network } = context;
  const family = familyOf(firstVip.address);
  const preferred = preferredSource(settings, family, context);
  const chosen = settings.interface
    ? undefined
    : chooseInterface(network, firstVip.address, preferred?.address);
  const name = settings.interface?.value ?? chosen?.name;
  const link = name === undefined ? undefined : findInterface(network, name);
  if (link === undefined) {
    const problem =
      name === undefined
        ? `no interface fits ${firstVip.address}`
        : `interface ${escapeText(name)} does not exist`;
    throw new AgentError("INTERFACE_UNKNOWN", problem);
  }
  const problem = preferred && problemWithSource(preferred.address, link, network);
  if (preferred !== undefined && problem !== undefined) {
    const { name: place } = settings.unicastSource?.source ?? { name: "agent_ip" };
    throw new AgentError("SOURCE_UNKNOWN", `the VRRP source ${preferred.address} (${place}) ${problem}`);
  }
  const address = chooseSource(link, family);
  const fallback = address === undefined ? undefined : ({ address, by: "interface" } as const);
  return { interfaceName: link.name, interface: chosen, source: preferred ?? fallback };
}

/** Why VRRP cannot send from an address on an interface; undefined where it can. */
function problemWithSource(source: string, link: LocalInterface, network: HostNetwork): string | undefined {
  if (!allAddresses(network).includes(source)) return "is not an address of this host";
  if (!speakableAddresses(network).includes(source)) {
    return "cannot be used yet, as another host may have it (duplicate address detection)";
  }
  if (isSharedAddress(source, network)) return "is an address that every Docker host has";
  const isOnLink = link.addresses.some(({ address }) => address === source);
  return isLinkLocal(source) && !isOnLink ? `is link-local, but not on ${link.name}` : undefined;
}

/** The address that a setting or Rancher gives. An agent_ip counts only if this host alone can send from it. */
function preferredSource(
  { unicastSource }: GroupSettings,
  family: Family,
  { network, agentIp }: GroupContext,
): SourceChoice | undefined {
  if (unicastSource !== undefined) return { address: unicastSource.value, by: "setting" };
  if (agentIp === undefined || familyOf(agentIp) !== family) return undefined;
  const isUsable = speakableAddresses(network).includes(agentIp) && !isSharedAddress(agentIp, network);
  return isUsable ? { address: agentIp, by: "agent_ip" } : undefined;
}
