/** The next owner of each group that this host no longer owns: the first host that sends adverts as the owner. */

import type { WireFrame } from "../wire/frame.ts";
import { isOwnerAdvert, type WatchedGroup } from "./watched-group.ts";

export interface Takeover {
  readonly group: string;
  /** The source of the next owner's adverts. */
  readonly address: string;
  /** From the moment when this host ceased to be owner to the first advert that is heard here. */
  readonly afterMs: number;
}

/** For this long after a release the agent waits for the next owner's first advert, and takes it without delay. */
const AWAITED_MS = 10_000;

export interface NextOwner {
  /** Sets whether this host owns a group. */
  setState(group: string, isOwner: boolean, nowMs: number): void;
  noteFrame(frame: WireFrame, groups: readonly WatchedGroup[], nowMs: number): void;
  /** The groups that wait for the next owner's first advert now. */
  awaited(nowMs: number): ReadonlySet<string>;
}

/** @param onTakeover is called once each time that this host ceases to own a group. */
export function createNextOwner(onTakeover: (takeover: Takeover) => void): NextOwner {
  const owned = new Set<string>();
  /** When each group was released whose next owner was not heard yet. */
  const releasedMs = new Map<string, number>();
  return {
    setState: (group, isOwner, nowMs) => {
      if (isOwner) {
        owned.add(group);
        releasedMs.delete(group);
      } else if (owned.delete(group)) releasedMs.set(group, nowMs);
    },
    noteFrame: ({ advert, interface: link }, groups, nowMs) => {
      // with priority 0 an owner releases the VIPs
      if (advert === undefined || advert.priority === 0 || releasedMs.size === 0) return;
      for (const group of groups) {
        const { name } = group.instance;
        const since = releasedMs.get(name);
        if (since === undefined) continue;
        if (link !== group.instance.interface || group.ownAddresses.has(advert.source)) continue;
        if (!isOwnerAdvert(group, advert)) continue;
        releasedMs.delete(name);
        onTakeover({ group: name, address: advert.source, afterMs: Math.max(0, nowMs - since) });
      }
    },
    awaited: (nowMs) =>
      new Set([...releasedMs].flatMap(([group, since]) => (nowMs - since < AWAITED_MS ? group : []))),
  };
}
