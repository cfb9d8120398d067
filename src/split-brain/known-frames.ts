/**
 * Which frames the listener need not tell any more: adverts of the one owner of a group that this host backs up, five a
 * second, and those of groups that are none of this host's.
 */

import type { WireFrame } from "../wire/frame.ts";
import type { WireEvidence } from "./evidence.ts";
import { isOwnersAdvert, type WatchedGroup } from "./watched-group.ts";

/** For so long, ms, there has been one owner, and no other one was heard. */
const QUIET_MS = 3_000;
/** Of other groups: whoever sends ever another advert is heard all the time. */
const MOST_IGNORED = 500;

export interface Mutes {
  readonly frames: Iterable<string>;
  /** A frame that says nothing of any group. @returns whether it is muted from now on, and was not before. */
  ignore(text: string): boolean;
  hear(frame: WireFrame, groups: readonly WatchedGroup[]): void;
  /** Mutes the owner of a group that is quiet. */
  settle(group: WatchedGroup, evidence: WireEvidence, nowMs: number): void;
  /** Anything may be news of this group. */
  forget(group: string): void;
  clear(): void;
}

export function createMutes(): Mutes {
  const ignored = new Set<string>();
  /** The last frame of an owner, by group, and whether it is muted. */
  const owners = new Map<string, { source: string; text: string; isMuted: boolean }>();
  return {
    get frames() {
      return [...ignored, ...[...owners.values()].flatMap(({ text, isMuted }) => (isMuted ? text : []))];
    },
    ignore: (text) => {
      if (ignored.size >= MOST_IGNORED || ignored.has(text)) return false;
      ignored.add(text);
      return true;
    },
    hear: ({ text, advert, interface: link, mac }, groups) => {
      if (advert === undefined) return;
      for (const group of groups) {
        const { name } = group.instance;
        if (link !== group.instance.interface || !isOwnersAdvert(group, { advert })) continue;
        // the one before may still be there, muted
        if (owners.get(name)?.text !== text)
          owners.set(name, { source: `${advert.source} ${mac}`, text, isMuted: false });
      }
    },
    settle: (group, { speakers }, nowMs) => {
      const { name } = group.instance;
      const owner = owners.get(name);
      if (owner === undefined || owner.isMuted || group.isMaster || group.changing.length > 0) return;
      const present = [...speakers.values()].filter((speaker) => isOwnersAdvert(group, speaker));
      const isAlone = present.every(({ advert, mac }) => `${advert.source} ${mac}` === owner.source);
      const isQuiet = present.some(({ firstMs }) => nowMs - firstMs >= QUIET_MS);
      if (isAlone && isQuiet) owners.set(name, { ...owner, isMuted: true });
    },
    forget: (group) => void owners.delete(group),
    clear: () => {
      ignored.clear();
      owners.clear();
    },
  };
}
