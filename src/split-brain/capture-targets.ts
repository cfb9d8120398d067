/** What the listener captures for the groups of this host: adverts on each interface, and claims of VIPs that this host owns. */
import { type HostNetwork, linkLocalOf } from "../network/host-network.ts";
import { vipsOf } from "../vrrp/instance.ts";
import type { CaptureTarget } from "../wire/capture-plan.ts";
import type { Rival } from "./rivals.ts";
import type { WatchedGroup } from "./watched-group.ts";

/** One target for each existing interface of a group, in the order of their names. */
export function captureTargets(
  groups: readonly WatchedGroup[],
  { interfaces }: HostNetwork,
  rivals: readonly Rival[],
): CaptureTarget[] {
  const names = [...new Set(groups.map(({ instance }) => instance.interface))].toSorted();
  return names.flatMap((name): CaptureTarget[] => {
    const link = interfaces.find((each) => each.name === name);
    if (link === undefined) return [];
    const owned = groups.filter(({ instance, isOwner }) => instance.interface === name && isOwner);
    const first = owned.map(({ instance }) => instance.firstVip.address);
    const others = owned.flatMap(({ instance }) => vipsOf(instance).slice(1));
    return [
      {
        interface: name,
        mac: link.mac,
        linkLocal: linkLocalOf(link),
        guardedAddresses: [...first.toSorted(), ...others.toSorted()],
        askedAddresses: [],
        rivals: rivals
          .filter((rival) => rival.interface === name)
          .map(({ address, mac }) => ({ address, mac }))
          .toSorted((a, b) => (`${a.address} ${a.mac}` < `${b.address} ${b.mac}` ? -1 : 1)),
      },
    ];
  });
}
