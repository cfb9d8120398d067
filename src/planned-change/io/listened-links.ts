/** Where a planned change listens on this host, and what it asks for there. */
import { type HostNetwork, linkLocalOf } from "../../network/host-network.ts";
import { type Instance, vipsOf } from "../../vrrp/instance.ts";
import { addressProbe } from "../../wire/address-probe.ts";
import { contestedVip, type PlannedChange, sharedVip } from "../planned-change.ts";
import type { AskedAddress } from "./change-listeners.ts";

/**
 * The interfaces of all groups of a change that exist on this host. A listener goes on where its interface is renamed, so
 * one whose interface is gone must be closed: it would hear another group's adverts as the former group's.
 */
export function interfacesOf(
  { to, formerGroups }: Pick<PlannedChange, "to" | "formerGroups">,
  { interfaces }: HostNetwork,
): Set<string> {
  const existing = new Set(interfaces.map(({ name }) => name));
  return new Set([to, ...formerGroups].map((instance) => instance.interface)).intersection(existing);
}

export function askedAddress(change: PlannedChange, network: HostNetwork): AskedAddress | undefined {
  return addressOn(change.to, contestedVip(change), network);
}

/**
 * Whether an owner of any former group would answer this host: it is on the link where this host asks, and has the VIP that is
 * asked for.
 */
export function canAskFor({ to, formerGroups }: PlannedChange, network: HostNetwork): boolean {
  const vip = sharedVip({ to, formerGroups });
  const isReached = (former: Instance) =>
    former.interface === to.interface && vipsOf(former).some((one) => one === vip);
  return formerGroups.every(isReached) && vipToAsk(to, vip, network) !== undefined;
}

/** The VIPs for which this host can ask who else has them. */
export function askableVips(to: Instance, network: HostNetwork): ReadonlyMap<string, AskedAddress> {
  const asked = vipsOf(to).flatMap((vip) => vipToAsk(to, vip, network) ?? []);
  return new Map(asked.map((one) => [one.address, one]));
}

function vipToAsk(to: Instance, vip: string | undefined, network: HostNetwork): AskedAddress | undefined {
  const asked = addressOn(to, vip, network);
  if (asked?.mac === undefined) return undefined;
  const { address, mac, linkLocal } = asked;
  return addressProbe(address, { mac, linkLocal }) && asked;
}

function addressOn(
  { interface: name }: Instance,
  address: string | undefined,
  { interfaces }: HostNetwork,
): AskedAddress | undefined {
  const link = interfaces.find((one) => one.name === name);
  return address === undefined || link === undefined
    ? undefined
    : { interface: name, address, mac: link.mac, linkLocal: linkLocalOf(link) };
}
