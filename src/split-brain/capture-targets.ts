/** What is to be heard for the groups of this host: adverts of each interface, and who claims a VIP that this host owns. */
import type { HostNetwork } from "../network/host-network.ts";
import type { WireWish } from "../wire/capture-plan.ts";
import type { WatchedGroup } from "./watched-group.ts";

/** One wish an interface that is there, in the order of their names. */
export function wishesOf(groups: readonly WatchedGroup[], { interfaces }: HostNetwork): WireWish[] {
  const names = [...new Set(groups.map(({ instance }) => instance.interface))].toSorted();
  return names.flatMap((name): WireWish[] => {
    const link = interfaces.find((each) => each.name === name);
    if (link === undefined) return [];
    const owned = groups.filter(({ instance, isMaster }) => instance.interface === name && isMaster);
    const vips = owned.flatMap(({ instance }) => [instance.firstVip, ...instance.excludedVips]);
    return [{ interface: name, mac: link.mac, guarded: vips.map(({ address }) => address).toSorted() }];
  });
}
