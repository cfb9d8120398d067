/**
 * The frames that the listener need not report each time, so that a quiet network costs no CPU time: adverts of the one owner
 * of a group that this host backs up (five a second), and adverts that have nothing to do with this host's groups.
 */

import type { WireFrame } from "../wire/frame.ts";
import type { WireEvidence } from "./evidence.ts";
import { isOwnerAdvert, type WatchedGroup } from "./watched-group.ts";

/** An owner's frame is known once it has been the only owner for this long. */
const SOLE_OWNER_MS = 3_000;
/** The limit for unrelated frames. Beyond it every frame is reported. */
const MAX_UNRELATED = 500;

export interface KnownFrames {
  /** The texts of the known frames that need not be reported at all. */
  readonly unrelated: readonly string[];
  /** The texts of the known frames of owners. They are reported rarely, which shows that the owner still sends. */
  readonly ofOwners: readonly string[];
  /** Whether the text is one of `ofOwners`. */
  isOwners(text: string): boolean;
  /** Adds a frame that has nothing to do with any group. @returns whether it is new, and known from now on. */
  addUnrelated(text: string): boolean;
  /** Notes the frame of an owner. It is not known yet. */
  noteFrame(frame: WireFrame, groups: readonly WatchedGroup[]): void;
  /** Adds the frame of the group's owner if there has been no other owner for long enough. @returns whether it did. */
  addSoleOwner(group: WatchedGroup, evidence: WireEvidence, nowMs: number): boolean;
  /** From now on every advert of this group is reported again. */
  forgetOwner(group: string): void;
  clear(): void;
}

export function createKnownFrames(): KnownFrames {
  const unrelated = new Set<string>();
  /** The last frame of an owner, by group. */
  const owners = new Map<string, { sender: string; text: string; isKnown: boolean }>();
  return {
    get unrelated() {
      return [...unrelated];
    },
    get ofOwners() {
      return [...owners.values()].flatMap(({ text, isKnown }) => (isKnown ? text : []));
    },
    isOwners: (text) => [...owners.values()].some((owner) => owner.isKnown && owner.text === text),
    addUnrelated: (text) => {
      if (unrelated.size >= MAX_UNRELATED || unrelated.has(text)) return false;
      unrelated.add(text);
      return true;
    },
    noteFrame: ({ text, advert, interface: link, mac }, groups) => {
      if (advert === undefined) return;
      for (const group of groups) {
        const { name } = group.instance;
        if (link !== group.instance.interface || !isOwnerAdvert(group, advert)) continue;
        // another frame makes the known one unknown: its owner may still send it, unreported
        if (owners.get(name)?.text !== text)
          owners.set(name, { sender: `${advert.source} ${mac}`, text, isKnown: false });
      }
    },
    addSoleOwner: (group, { senders }, nowMs) => {
      const { name } = group.instance;
      const owner = owners.get(name);
      if (owner === undefined || owner.isKnown || group.isOwner || group.changing.length > 0) return false;
      const present = [...senders.values()].filter(({ advert }) => isOwnerAdvert(group, advert));
      const isSole = present.every(({ advert, mac }) => `${advert.source} ${mac}` === owner.sender);
      const hasLasted = present.some(({ firstMs }) => nowMs - firstMs >= SOLE_OWNER_MS);
      if (!isSole || !hasLasted) return false;
      owners.set(name, { ...owner, isKnown: true });
      return true;
    },
    forgetOwner: (group) => void owners.delete(group),
    clear: () => {
      unrelated.clear();
      owners.clear();
    },
  };
}
