/** Where a planned change listens on this host, and what it asks for there. */
import { type HostNetwork, linkLocalOf } from "../../network/host-network.ts";
import type { Instance } from "../../vrrp/instance.ts";
import { addressProbe } from "../../wire/address-probe.ts";
import { contestedVip, type PlannedChange } from "../planned-change.ts";
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

/** A VIP of a group, to ask who else has it. Undefined if this host cannot ask for it. */
export function vipToAsk(
  to: Instance,
  vip: string | undefined,
  network: HostNetwork,
): AskedAddress | undefined {
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
