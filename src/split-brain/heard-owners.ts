/**
 * Who owns each group, by its adverts on the wire. keepalived of a backup does not say, so this is the only source.
 *
 * The owner is the best of the senders that are present: the highest priority, then the highest address, as keepalived
 * elects. A sender is present until it releases the VIPs (priority 0) or has been silent for three of its intervals.
 */
import { retainNames } from "../text/by-name.ts";
import { instantAt } from "../text/instant.ts";
import type { Advert } from "../vrrp/advert.ts";
import { bytesOfAddress, hexOf } from "../vrrp/packet.ts";
import type { WireFrame } from "../wire/frame.ts";
import { isOwnerAdvert, type WatchedGroup } from "./watched-group.ts";

/** What this host hears of a group's owner. Times are ISO 8601. */
export type HeardOwner = {
  /** Address of the owner that was heard last before this moment; undefined if none was heard. */
  readonly before: string | undefined;
} & Said;

type Said =
  /** This host owns the group, and sends its adverts from this address. */
  | { readonly phase: "own"; readonly address: string | undefined }
  /** `since`: this host has heard it as the owner from then on. `heardAt`: its last advert, known to within 5 s. */
  | {
      readonly phase: "heard";
      readonly address: string;
      readonly priority: number;
      readonly since: string;
      readonly heardAt: string;
    }
  /** `since`: the last advert of an owner, the end of this host's own ownership, or the first moment of listening. */
  | { readonly phase: "silent"; readonly since: string };

/** One moment by two clocks. */
export interface Moment {
  /** A monotonic time. */
  readonly ms: number;
  /** ISO 8601. */
  readonly at: string;
}

/** Adverts are reported up to 0.25 s late, and one may be lost. */
const LATE_MS = 500;
/** The listener reports a known frame at most every 5 s. */
const RARE_SILENCE_MS = 7_000;
/** No sender is kept for longer, whatever interval its adverts state. */
const MAX_SILENCE_MS = 30_000;
/** Forged senders must not cost memory. */
const MAX_SENDERS = 16;

interface Sender {
  /** The frame of its last advert. */
  readonly text: string;
  readonly priority: number;
  readonly intervalSeconds: number;
  readonly lastMs: number;
  readonly lastAt: string;
  /** It is gone after this time without an advert. */
  readonly goneMs: number;
  /** Whether its adverts are reported rarely. */
  readonly isRare: boolean;
}

type HeardAdvert = Pick<WireFrame, "text"> & { readonly advert: Advert };

interface Group {
  isOwn: boolean;
  /** Where this host sends from. */
  source: string | undefined;
  /** The owner that was heard last. */
  before: string | undefined;
  owner: { readonly address: string; readonly since: string } | undefined;
  silentSince: string;
  readonly senders: Map<string, Sender>;
}

export interface HeardOwners {
  /** Watches these groups from now on. @returns whether an owner changed; so do the other functions. */
  setGroups(groups: readonly WatchedGroup[], now: Moment): boolean;
  /** @param isRare whether the listener reports the frame every 5 s only. */
  noteFrame(frame: WireFrame, groups: readonly WatchedGroup[], isRare: boolean, now: Moment): boolean;
  /** Notes a rarely reported frame of an owner by its text alone, which costs less. This changes no owner. */
  noteRare(text: string, now: Moment): void;
  /** From now on the owner's adverts are reported each time, or, with `isRare`, only every 5 s. Without a group: every owner's. */
  setRare(isRare: boolean, now: Moment, group?: string): void;
  /** Drops the senders that have fallen silent. */
  judge(now: Moment): boolean;
  /** This host did not run for that long, and heard nothing. */
  notePause(ms: number): void;
  /** When a sender may be gone, by the monotonic clock; undefined while none is present. */
  readonly nextMs: number | undefined;
  readonly hearings: ReadonlyMap<string, HeardOwner>;
}

export function createHeardOwners(): HeardOwners {
  const groups = new Map<string, Group>();

  /** Names the best of the present senders. */
  const elect = (group: Group, silentSince: string, now: Moment): boolean => {
    const address = bestOf(group.senders);
    if (address === group.owner?.address) return false;
    group.before = group.owner?.address ?? group.before;
    group.owner = address === undefined ? undefined : { address, since: now.at };
    if (address === undefined) group.silentSince = silentSince;
    return true;
  };
  const noteAdvert = (group: Group, { advert, text }: HeardAdvert, isRare: boolean, now: Moment): boolean => {
    const { source, priority, intervalSeconds } = advert;
    if (priority === 0) {
      group.senders.delete(source);
      return elect(group, now.at, now);
    }
    if (!group.senders.has(source) && group.senders.size >= MAX_SENDERS) return false;
    // another owner's adverts are reported rarely, so it may be gone: three intervals of silence show it
    for (const [address, other] of group.senders)
      if (address !== source && other.isRare)
        group.senders.set(address, { ...other, isRare: false, goneMs: quickEndMs(other) });
    const sender = { text, priority, intervalSeconds, lastMs: now.ms, lastAt: now.at, isRare };
    group.senders.set(source, { ...sender, goneMs: now.ms + silenceMs(sender) });
    return dropSilent(group, now);
  };
  const dropSilent = (group: Group, now: Moment): boolean => {
    const lastAt = group.owner && group.senders.get(group.owner.address)?.lastAt;
    for (const [address, { goneMs }] of group.senders) if (goneMs <= now.ms) group.senders.delete(address);
    return elect(group, lastAt ?? now.at, now);
  };
  const setOwn = (group: Group, isOwn: boolean, now: Moment): boolean => {
    if (group.isOwn === isOwn) return false;
    group.isOwn = isOwn;
    group.before = group.owner?.address ?? group.before;
    if (!isOwn) group.silentSince = now.at;
    group.senders.clear();
    group.owner = undefined;
    return true;
  };

  return {
    setGroups: (watched, now) => {
      retainNames(
        groups,
        watched.map(({ instance }) => instance.name),
      );
      const changes = watched.map(({ instance, isOwner, source }) => {
        const known = groups.get(instance.name);
        const group = known ?? newGroup(now);
        groups.set(instance.name, group);
        const hasMoved = group.source !== source;
        group.source = source;
        return setOwn(group, isOwner, now) || hasMoved || known === undefined;
      });
      return changes.includes(true);
    },
    noteFrame: ({ advert, text, interface: link, receivedMs }, watched, isRare, taken) => {
      if (advert === undefined) return false;
      // a frame may wait for a while until it is read
      const now = receivedMs === undefined ? taken : { ...taken, at: instantAt(receivedMs) };
      const changes = watched.map((one) => {
        const group = groups.get(one.instance.name);
        if (group === undefined || group.isOwn || link !== one.instance.interface) return false;
        return isOwnerAdvert(one, advert) && noteAdvert(group, { advert, text }, isRare, now);
      });
      return changes.includes(true);
    },
    noteRare: (text, now) => {
      for (const { senders } of groups.values())
        for (const [address, sender] of senders)
          if (sender.text === text)
            senders.set(address, {
              ...sender,
              lastMs: now.ms,
              lastAt: now.at,
              goneMs: now.ms + silenceMs({ ...sender, isRare: true }),
              isRare: true,
            });
    },
    setRare: (isRare, now, name) => {
      for (const [each, { senders }] of groups) {
        if (name !== undefined && name !== each) continue;
        for (const [address, sender] of senders)
          if (sender.isRare !== isRare)
            senders.set(address, { ...sender, isRare, goneMs: now.ms + silenceMs({ ...sender, isRare }) });
      }
    },
    judge: (now) => [...groups.values()].map((group) => dropSilent(group, now)).includes(true),
    notePause: (ms) => {
      for (const { senders } of groups.values())
        for (const [address, sender] of senders)
          senders.set(address, { ...sender, goneMs: sender.goneMs + ms });
    },
    get nextMs() {
      const times = [...groups.values()].flatMap(({ senders }) =>
        [...senders.values()].map(({ goneMs }) => goneMs),
      );
      return times.length === 0 ? undefined : Math.min(...times);
    },
    get hearings() {
      return new Map([...groups].map(([name, group]) => [name, hearingOf(group)]));
    },
  };
}

function newGroup(now: Moment): Group {
  const nothing = { source: undefined, before: undefined, owner: undefined };
  return { ...nothing, isOwn: false, silentSince: now.at, senders: new Map() };
}

function hearingOf({ isOwn, source, before, owner, silentSince, senders }: Group): HeardOwner {
  if (isOwn) return { before, phase: "own", address: source };
  if (owner === undefined) return { before, phase: "silent", since: silentSince };
  return {
    before: owner.address,
    phase: "heard",
    ...owner,
    priority: senders.get(owner.address)?.priority ?? 0,
    heardAt: senders.get(owner.address)?.lastAt ?? owner.since,
  };
}

function quickEndMs(sender: Sender): number {
  return sender.lastMs + silenceMs({ ...sender, isRare: false });
}

function silenceMs({ intervalSeconds, isRare }: Pick<Sender, "intervalSeconds" | "isRare">): number {
  const ms = Math.min(3_000 * intervalSeconds + LATE_MS, MAX_SILENCE_MS);
  return isRare ? Math.max(ms, RARE_SILENCE_MS) : ms;
}

function bestOf(senders: ReadonlyMap<string, Sender>): string | undefined {
  const rank = ([address, { priority }]: [string, Sender]) =>
    `${String(priority).padStart(3, "0")} ${hexOf(bytesOfAddress(address))}`;
  return [...senders].toSorted((a, b) => (rank(a) < rank(b) ? 1 : -1))[0]?.[0];
}
