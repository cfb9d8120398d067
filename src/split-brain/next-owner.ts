/** Who owns a group once this host has left it: whoever is the first to be heard as its owner. */

import type { WireFrame } from "../wire/frame.ts";
import { isOwnersAdvert, type WatchedGroup } from "./watched-group.ts";

export interface Heirs {
  /** The state of a group changed. */
  enter(group: string, isMaster: boolean): void;
  hear(frame: WireFrame, groups: readonly WatchedGroup[]): void;
}

/** @param onHeir told once for each time that the group was left, with the address that the adverts come from. */
export function awaitHeirs(onHeir: (group: string, address: string) => void): Heirs {
  const owned = new Set<string>();
  const left = new Set<string>();
  return {
    enter: (group, isMaster) => {
      if (isMaster) {
        owned.add(group);
        left.delete(group);
      } else if (owned.delete(group)) left.add(group);
    },
    hear: ({ advert, interface: link }, groups) => {
      // priority 0 is the farewell of an owner
      if (advert === undefined || advert.priority === 0 || left.size === 0) return;
      for (const group of groups) {
        const { name } = group.instance;
        const isFromHere = link !== group.instance.interface || group.ownAddresses.has(advert.source);
        if (isFromHere || !isOwnersAdvert(group, { advert }) || !left.delete(name)) continue;
        onHeir(name, advert.source);
      }
    },
  };
}
