/** Says in words why a group's values are what they are: those that no setting gave, and those without effect. */

import type { DerivedInstance } from "../groups/derive-instance.ts";
import type { GroupContext } from "../groups/group-context.ts";
import type { SourceChoice } from "../groups/interface-and-source.ts";
import type { InterfaceChoice } from "../groups/interface-choice.ts";
import { chooseCheckAddress } from "../health/plan.ts";
import { isIpv6 } from "../network/address.ts";
import { isSharedAddress } from "../network/shared-address.ts";
import type { GroupKey, GroupSettings } from "../settings/table.ts";
import type { Shown } from "../settings/value-kind.ts";
import { byName } from "../text/by-name.ts";
import type { Vip } from "../vrrp/instance.ts";

/** What an explanation adds to a value. `value` is left out where the setting's own value is shown. */
export interface Remark {
  readonly value?: Shown;
  readonly reason: string;
  /** Whether the value comes from no setting. */
  readonly isDerived: boolean;
}

export type Remarks = Readonly<Partial<Record<GroupKey, Remark>>>;

/** Every group needs these values. They are derived where no setting gives them. */
const DERIVABLE = ["interface", "vrid", "priority", "unicastSource"] as const;

/** @param derived undefined where the group was refused before anything was derived. */
export function remarkOn(
  settings: GroupSettings,
  context: GroupContext,
  derived: DerivedInstance | undefined,
): Remarks {
  const settingRemarks = { ...remarkOnChecks(settings), ...remarkOnDrain(settings) };
  if (derived === undefined) {
    const unset = DERIVABLE.filter((key) => settings[key] === undefined);
    const remark = { reason: "not derived, as the group is refused", isDerived: false };
    return { ...settingRemarks, ...byName(unset.map((key) => [key, remark])) };
  }
  return {
    ...settingRemarks,
    ...remarkOnVips(settings, derived),
    ...remarkOnDerived(settings, context, derived),
  };
}

function remarkOnDerived(settings: GroupSettings, context: GroupContext, derived: DerivedInstance): Remarks {
  const { instance, reasons } = derived;
  const firstVip = instance.firstVip.address;
  const values: Partial<Record<GroupKey, readonly [Shown, string]>> = {
    vrid: [
      instance.virtualRouterId,
      isIpv6(firstVip)
        ? `a stable hash of the first VIP ${firstVip}`
        : `the last octet of the first VIP ${firstVip}`,
    ],
    priority: [
      instance.priority,
      `a stable hash of group ${context.group} and host uuid ${context.hostUuid}; no place sets one`,
    ],
    unicastSource: [instance.unicast?.source ?? null, sourceReason(derived, context)],
    ...(reasons.interface && {
      interface: [instance.interface, interfaceReason(reasons.interface, firstVip, reasons.source)],
    }),
  };
  const remarks = Object.entries(values)
    .filter(([key]) => settings[key as GroupKey] === undefined)
    .map(([key, [value, reason]]) => [key, { value, reason, isDerived: true }] as const);
  return { ...byName(remarks), ...remarkOnUnused(settings, derived) };
}

function interfaceReason(
  choice: InterfaceChoice,
  firstVip: string,
  source: SourceChoice | undefined,
): string {
  if (choice.by === "subnet") return `its subnet ${choice.subnet} holds the first VIP ${firstVip}`;
  const noSubnet = `no subnet of this host holds the first VIP ${firstVip}`;
  return choice.by === "source"
    ? `${noSubnet}, and it has the VRRP source ${source?.address}`
    : `${noSubnet}, and it has the default route`;
}

function sourceReason({ instance, reasons }: DerivedInstance, { agentIp, network }: GroupContext): string {
  if (instance.unicast === undefined) return "with multicast keepalived sends from the interface's address";
  if (reasons.source?.by === "agent_ip")
    return "this host's agent_ip in Rancher, which is an address of this machine";
  const isFromIpv6 = isIpv6(instance.unicast.source);
  const first = isFromIpv6
    ? `the first IPv6 address of ${instance.interface}, link-local ones last`
    : `the first IPv4 address of ${instance.interface}`;
  const family = isFromIpv6 ? "IPv6" : "IPv4";
  if (agentIp === undefined) return `${first}; no agent_ip is known`;
  return isSharedAddress(agentIp, network)
    ? `${first}; every Docker host has the agent_ip ${agentIp}`
    : `${first}; the agent_ip ${agentIp} is not an ${family} address of this host`;
}

/** Remarks on settings that have no effect, or only in part. */
function remarkOnUnused(
  { unicastSource, unicastPeers }: GroupSettings,
  { instance }: DerivedInstance,
): Remarks {
  const { unicast } = instance;
  if (unicast === undefined) {
    const remark = { reason: "no effect: adverts are sent by multicast", isDerived: false };
    return { ...(unicastSource && { unicastSource: remark }), ...(unicastPeers && { unicastPeers: remark }) };
  }
  const unused = (unicastPeers?.value ?? []).filter(
    (address) => unicast.isAlone || !unicast.peers.includes(address),
  );
  if (unused.length === 0) return {};
  const reason = `left out: ${unused.join(" ")}, an address of this host or a VIP`;
  return { unicastPeers: { reason, isDerived: false } };
}

function remarkOnVips(settings: GroupSettings, { instance }: DerivedInstance): Remarks {
  const vips = [instance.firstVip, ...instance.excludedVips];
  const first = `${instance.firstVip.address} is advertised`;
  const reason = vips.length === 1 ? first : `${first}, the others follow it`;
  return {
    virtualIps: { value: vips.map(vipText), reason, isDerived: false },
    virtualMask: { reason: maskReason(settings, vips), isDerived: false },
  };
}

function maskReason({ virtualIps, virtualMask }: GroupSettings, vips: readonly Vip[]): string {
  const bare = (virtualIps?.value ?? []).filter(({ prefix }) => prefix === undefined);
  const completed = vips.filter((vip) => bare.some(({ address }) => address === vip.address));
  if (completed.length === 0) return "every VIP is written with its prefix";
  const texts = completed.map(vipText).join(" ");
  return virtualMask ? `completes ${texts}` : `a VIP without a prefix is one address: ${texts}`;
}

function vipText({ address, prefix }: Vip): string {
  return `${address}/${prefix}`;
}

function remarkOnChecks(settings: GroupSettings): Remarks {
  if (settings.checkPorts === undefined) {
    const remark = { reason: "no port is checked", isDerived: false };
    return { checkIp: remark, checkTarget: remark };
  }
  const firstVip = settings.virtualIps?.value[0]?.address ?? "any";
  const { address, by } = chooseCheckAddress(settings, firstVip);
  if (by === "setting") return {};
  const reason = isIpv6(address)
    ? "the first VIP; Rancher publishes no port for IPv6, so ip6tables decides where it has a rule for the port"
    : "the first VIP";
  return { checkIp: { value: address, reason, isDerived: true } };
}

function remarkOnDrain({ drain }: GroupSettings): Remarks {
  return drain.value ? { drain: { reason: "this host gives its VIPs away", isDerived: false } } : {};
}
