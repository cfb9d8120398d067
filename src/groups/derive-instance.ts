/**
 * One group's settings, the members and this host's network become an instance.
 *
 * The result depends neither on the order of its input nor on what other hosts see. A value that no setting gives is
 * derived here, and the reason is kept for `explain`.
 */

import { AgentError } from "../errors.ts";
import { addressBits, familyOf, type Prefixed } from "../network/address.ts";
import { withoutAddresses } from "../network/host-network.ts";
import type { GroupSettings } from "../settings/table.ts";
import type { Instance, Vip } from "../vrrp/instance.ts";
import type { GroupContext } from "./group-context.ts";
import {
  deriveInterfaceAndSource,
  type InterfaceAndSource,
  type SourceChoice,
} from "./interface-and-source.ts";
import { derivePeers, type PeerReason, unicastTo } from "./peers.ts";
import { derivePriority, deriveVirtualRouterId } from "./shared-numbers.ts";
import { refuseHostAddresses } from "./vip-conflict.ts";

/** An instance, and what the values that no setting gives were derived from. */
export interface DerivedInstance {
  readonly instance: Instance;
  readonly reasons: DerivationReasons;
}

export interface DerivationReasons extends Omit<InterfaceAndSource, "interfaceName"> {
  /** Why each peer of the instance is one; empty with multicast. */
  readonly peers: readonly PeerReason[];
}

/** @throws {AgentError} with the code of the first value that is missing and cannot be derived. */
export function deriveInstance(settings: GroupSettings, context: GroupContext): DerivedInstance {
  const vips = deriveVips(settings);
  refuseHostAddresses(settings, vips, context);
  const addresses = new Set(vips.map((vip) => vip.address));
  const withoutVips = { ...context, network: withoutAddresses(context.network, addresses) };
  const [firstVip, ...others] = vips;
  const { interfaceName, ...chosen } = deriveInterfaceAndSource(settings, firstVip, withoutVips);
  const isUnicast = settings.unicast.value === true;
  const peers = isUnicast ? derivePeers(settings, addressOf(chosen.source), addresses, withoutVips) : [];
  const instance = {
    name: context.group,
    interface: interfaceName,
    virtualRouterId: settings.vrid?.value ?? deriveVirtualRouterId(firstVip.address),
    priority: settings.priority?.value ?? derivePriority(context.group, context.hostUuid),
    advertIntervalSeconds: settings.advertIntervalSeconds.value,
    vrrpVersion: settings.vrrpVersion.value,
    preempt: settings.preempt.value,
    preemptDelaySeconds: settings.preemptDelaySeconds.value,
    unicast: isUnicast
      ? unicastTo(
          peers.map(({ address }) => address),
          addressOf(chosen.source),
        )
      : undefined,
    firstVip,
    excludedVips: others.toSorted((a, b) => (a.address < b.address ? -1 : 1)),
    authPass: settings.authPass?.value,
  };
  return { instance, reasons: { ...chosen, peers } };
}

/** The value of `router_id`: the host's name in letters that need no quoting, 64 at most. */
export function deriveRouterId(hostName: string): string {
  return hostName.replaceAll(/[^A-Za-z0-9.-]/g, "-").slice(0, 64) || "rancher-host";
}

function deriveVips(settings: GroupSettings): readonly [Vip, ...Vip[]] {
  const [first, ...others] = settings.virtualIps?.value ?? [];
  if (first === undefined) throw new AgentError("VIP_MISSING", "no virtual IP is set anywhere");
  const withPrefix = (vip: Prefixed): Vip => ({ address: vip.address, prefix: prefixOf(vip, settings) });
  return [withPrefix(first), ...others.map(withPrefix)];
}

function prefixOf(vip: Prefixed, settings: GroupSettings): number {
  if (vip.prefix !== undefined) return vip.prefix;
  const family = familyOf(vip.address);
  const mask = settings.virtualMask?.value;
  // one mask serves VIPs of both families: up to 32 it is for IPv4, above for IPv6
  const isForFamily = mask !== undefined && mask > 32 === (family === "ipv6");
  return isForFamily ? mask : addressBits(family);
}

function addressOf(source: SourceChoice | undefined): string {
  if (source !== undefined) return source.address;
  throw new AgentError("SOURCE_UNKNOWN", "this host has no address of the VIP's family to send adverts from");
}
