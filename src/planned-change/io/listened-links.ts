/** Where a planned change listens on this host, and what it asks for there. */
import { type HostNetwork, linkLocalOf } from "../../network/host-network.ts";
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

export function askedAddress(change: PlannedChange, { interfaces }: HostNetwork): AskedAddress | undefined {
  const address = contestedVip(change);
  const link = interfaces.find(({ name }) => name === change.to.interface);
  return address === undefined || link === undefined
    ? undefined
    : { interface: link.name, address, mac: link.mac, linkLocal: linkLocalOf(link) };
}
