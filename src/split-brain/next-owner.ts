/** The next owner of each group that this host no longer owns: the first host that sends adverts as the owner. */

import { elapsedMs, instantAt } from "../text/instant.ts";
import type { Advert } from "../vrrp/advert.ts";
import type { WireFrame } from "../wire/frame.ts";
import type { HeardOwner, Moment } from "./heard-owners.ts";
import { isOwnerAdvert, type WatchedGroup } from "./watched-group.ts";

export interface Takeover {
  readonly group: string;
  /** The source of the next owner's adverts. */
  readonly address: string;
  /** ISO 8601: the first of its adverts. It may be before this host's release: this host was stopped, or both owned the VIPs. */
  readonly since: string;
  /** From the moment when this host ceased to be owner to that advert. Undefined if the advert came before. */
  readonly afterMs: number | undefined;
}

/** For this long after a release the agent waits for the next owner's first advert, and reads it without delay. */
const AWAITED_MS = 10_000;
/** Added to three intervals of a rival, after which it has ceased to be owner: adverts are reported up to 0.25 s apart. */
const RIVAL_MARGIN_MS = 500;
/** Adverts that are read within this time of each other count as one burst: this host was stopped before it read them. */
const READ_TOGETHER_MS = 600;
/** Forged rivals of a group must not cost memory. */
const MAX_RIVALS = 16;
/** This host learns of its own release up to this long after it. So an advert in this time belongs to the next owner. */
const RELEASE_LATE_MS = 1_000;

export interface NextOwner {
  /** Sets whether this host owns a group. @param heard the owner that is heard then: it may go on beside this host. */
  setState(group: string, isOwner: boolean, now: Moment, heard?: HeardOwner): void;
  noteFrame(frame: WireFrame, groups: readonly WatchedGroup[], now: Moment): void;
  /** The groups that wait for the next owner's first advert now. */
  awaited(nowMs: number): ReadonlySet<string>;
}

/** A host that sends adverts as the owner. */
interface Rival {
  readonly since: string;
  /** Its last advert, as the kernel received it, and when this host read that. */
  readonly lastAt: string;
  readonly readMs: number;
}

/** @param onTakeover is called once each time that this host ceases to own a group. */
export function createNextOwner(onTakeover: (takeover: Takeover) => void): NextOwner {
  /** The groups that this host owns, each with the rivals that are heard, by address. */
  const owned = new Map<string, Map<string, Rival>>();
  /** The released groups whose next owner was not heard yet: the moment of the release, and the rivals before it. */
  const released = new Map<string, { readonly moment: Moment; readonly rivals: Map<string, Rival> }>();

  const noteOwnerAdvert = (group: string, advert: Advert, receivedAt: string, now: Moment): void => {
    const address = advert.source;
    const release = released.get(group);
    const rivals = release?.rivals ?? owned.get(group);
    if (rivals === undefined) return;
    const known = rivals.get(address);
    const since = known !== undefined && goesOn(known, advert, receivedAt, now) ? known.since : receivedAt;
    if (release === undefined) {
      if (known !== undefined || rivals.size < MAX_RIVALS)
        rivals.set(address, { since, lastAt: receivedAt, readMs: now.ms });
      return;
    }
    released.delete(group);
    const { moment } = release;
    const elapsed = elapsedMs(moment.at, since);
    onTakeover({
      group,
      address,
      since,
      afterMs: elapsed < -RELEASE_LATE_MS ? undefined : Math.max(0, elapsed),
    });
  };

  return {
    setState: (group, isOwner, now, heard) => {
      if (isOwner) {
        const before = heard?.phase === "heard" ? [heard] : [];
        const last = { lastAt: now.at, readMs: Number.NEGATIVE_INFINITY };
        owned.set(group, new Map(before.map(({ address, since }) => [address, { since, ...last }])));
        released.delete(group);
        return;
      }
      const rivals = owned.get(group);
      if (rivals !== undefined) released.set(group, { moment: now, rivals });
      owned.delete(group);
    },
    noteFrame: ({ advert, interface: link, receivedMs }, groups, now) => {
      // with priority 0 an owner releases the VIPs
      if (advert === undefined || advert.priority === 0 || owned.size + released.size === 0) return;
      for (const group of groups) {
        const { name, interface: own } = group.instance;
        if (link !== own || !(owned.has(name) || released.has(name)) || !isOtherOwner(group, advert))
          continue;
        const receivedAt = receivedMs === undefined ? now.at : instantAt(receivedMs);
        noteOwnerAdvert(name, advert, receivedAt, now);
      }
    },
    awaited: (nowMs) =>
      new Set([...released].flatMap(([group, { moment }]) => (nowMs - moment.ms < AWAITED_MS ? group : []))),
  };
}

/** Whether a rival has been owner from its last advert to this one. */
function goesOn(
  { lastAt, readMs }: Rival,
  { intervalSeconds }: Advert,
  receivedAt: string,
  now: Moment,
): boolean {
  const isSoon = elapsedMs(lastAt, receivedAt) <= 3_000 * intervalSeconds + RIVAL_MARGIN_MS;
  return isSoon || now.ms - readMs <= READ_TOGETHER_MS;
}

function isOtherOwner(group: WatchedGroup, advert: Advert): boolean {
  return !group.ownAddresses.has(advert.source) && isOwnerAdvert(group, advert);
}
