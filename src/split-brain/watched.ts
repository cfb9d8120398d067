/** What the sentinel watches, and each group of it as the checks see it. */
import { allAddresses } from "../network/host-network.ts";
import { advertSource } from "../vrrp/advert-source.ts";
import type { InForce } from "../vrrp/in-force.ts";
import type { WatchedGroup } from "./watched-group.ts";

export type Watched = Pick<InForce, "instances" | "network" | "changing">;

/** Times are of the clock of the evidence. */
interface KnownStates {
  readonly owned: ReadonlyMap<string, Pick<WatchedGroup, "isOwner" | "sinceMs">>;
  /** When each planned change that is under way began. */
  readonly changingSinceMs: ReadonlyMap<string, number>;
}

export function watchedGroups(
  { instances, network, changing }: Watched,
  { owned, changingSinceMs }: KnownStates,
): WatchedGroup[] {
  const ownAddresses = new Set(allAddresses(network));
  const ownMacs = new Set(network.interfaces.flatMap(({ mac }) => mac ?? []));
  return instances.map((instance) => ({
    instance,
    changing: changing.get(instance.name) ?? [],
    changingSinceMs: changingSinceMs.get(instance.name) ?? 0,
    ...(owned.get(instance.name) ?? { isOwner: false, sinceMs: 0 }),
    isReceiving: undefined,
    ownAddresses,
    ownMacs,
    mac: network.interfaces.find(({ name }) => name === instance.interface)?.mac,
    source: advertSource(instance, network),
  }));
}
