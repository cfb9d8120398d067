/** What the listener captures for the groups of this host: adverts on each interface, and claims of VIPs that this host owns. */
import type { HostNetwork } from "../network/host-network.ts";
import { vipsOf } from "../vrrp/instance.ts";
import type { CaptureTarget } from "../wire/capture-plan.ts";
import type { WatchedGroup } from "./watched-group.ts";

/** One target for each existing interface of a group, in the order of their names. */
export function captureTargets(
  groups: readonly WatchedGroup[],
  { interfaces }: HostNetwork,
): CaptureTarget[] {
  const names = [...new Set(groups.map(({ instance }) => instance.interface))].toSorted();
  return names.flatMap((name): CaptureTarget[] => {
    const link = interfaces.find((each) => each.name === name);
    if (link === undefined) return [];
    const owned = groups.filter(({ instance, isOwner }) => instance.interface === name && isOwner);
    const vips = owned.flatMap(({ instance }) => vipsOf(instance));
    return [{ interface: name, mac: link.mac, guardedAddresses: vips.toSorted() }];
  });
}
