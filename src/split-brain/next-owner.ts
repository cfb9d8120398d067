/** The next owner of each group that this host no longer owns: the first host that sends adverts as the owner. */

import type { WireFrame } from "../wire/frame.ts";
import { isOwnerAdvert, type WatchedGroup } from "./watched-group.ts";

export interface NextOwner {
  /** Sets whether this host owns a group. */
  setState(group: string, isOwner: boolean): void;
  noteFrame(frame: WireFrame, groups: readonly WatchedGroup[]): void;
}

/** @param onNextOwner is called once each time that this host ceases to own a group, with the source of the adverts. */
export function createNextOwner(onNextOwner: (group: string, address: string) => void): NextOwner {
  const owned = new Set<string>();
  const released = new Set<string>();
  return {
    setState: (group, isOwner) => {
      if (isOwner) {
        owned.add(group);
        released.delete(group);
      } else if (owned.delete(group)) released.add(group);
    },
    noteFrame: ({ advert, interface: link }, groups) => {
      // with priority 0 an owner releases the VIPs
      if (advert === undefined || advert.priority === 0 || released.size === 0) return;
      for (const group of groups) {
        const { name } = group.instance;
        if (link !== group.instance.interface || group.ownAddresses.has(advert.source)) continue;
        if (isOwnerAdvert(group, advert) && released.delete(name)) onNextOwner(name, advert.source);
      }
    },
  };
}
