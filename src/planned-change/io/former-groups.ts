/**
 * What other members run of a group when it begins on this host: it listens for a moment whether one of them owns the VIPs
 * in another group. It does so with memory, too: a change may have come and gone while this agent did not run.
 */

import type { Advert } from "../../vrrp/advert.ts";
import { type Instance, vipsOf } from "../../vrrp/instance.ts";
import { type FirstSight, NOTHING_SEEN, seeAnswer, seeFormerGroup } from "../first-sight.ts";
import { formerGroupFrom, type KnownGroup } from "../former-group.ts";
import { ANSWER_MS, FIRST_SIGHT_INTERVALS, FIRST_SIGHT_MS, WATCH_MS } from "../waits.ts";
import {
  type AskedAddress,
  type ChangeListeners,
  type Listen,
  openChangeListeners,
} from "./change-listeners.ts";

/** How often this host checks whether it may own the VIPs now. */
const RECHECK_MS = 1_000;

export interface FormerGroupsOptions {
  readonly listen: Listen;
  /** Whether this host owns the VIPs of a group. */
  readonly isOwner: (group: string) => boolean;
  /** Whether this host may come to own them: a group in FAULT, or of a keepalived that has just started, may not. */
  readonly isCandidate: (group: string) => boolean;
  /** A former group was heard. */
  readonly onFound: () => void;
}

/** What is known of a group when it is listened for. */
export interface ListenedGroup extends KnownGroup {
  /** By VIP of the group: how this host asks who else has it. Without those for which it cannot ask. */
  readonly askable: ReadonlyMap<string, AskedAddress>;
}

export interface FormerGroups {
  /** Listens for a group from its first step on. Later calls only renew what is known of it. */
  listenFor(known: ListenedGroup, interfaces: ReadonlySet<string>): void;
  /** What members were heard to run of the group. Empty after the time to listen. */
  formerGroupsOf(group: string): readonly Instance[];
  /** Another machine answers for an address, or announces it. */
  noteAnswer(interfaceName: string, address: string): void;
  /** Forgets the groups that this host does not have any more: they begin anew when they come back. */
  retainGroups(groups: ReadonlySet<string>): void;
  /** Ends the listening that has lasted long enough. @returns the ms until the next one ends, if there is one. */
  closeExpired(): number | undefined;
}

type Listening =
  | {
      readonly phase: "listening";
      readonly listeners: ChangeListeners;
      untilMs: number;
      /** Until then it goes on while this host may not own the VIPs yet; undefined once it might. */
      latestMs: number | undefined;
      known: ListenedGroup;
      sight: FirstSight;
    }
  | { readonly phase: "over" };

export function openFormerGroups(options: FormerGroupsOptions): FormerGroups {
  const { listen, isOwner, isCandidate, onFound } = options;
  const listenings = new Map<string, Listening>();
  const see = (group: string, next: (listening: Listening & { phase: "listening" }) => FirstSight) => {
    const listening = listenings.get(group);
    if (listening?.phase !== "listening") return;
    const before = listening.sight;
    listening.sight = next(listening);
    const { found, unproven } = listening.sight;
    const newest = unproven.at(-1);
    listening.listeners.setAsked(newest && contestedAddress(listening.known, newest));
    // an owner that is heard just before the end still gets its time to answer
    if (unproven.length > before.unproven.length)
      listening.untilMs = Math.max(listening.untilMs, performance.now() + ANSWER_MS);
    if (found.length > before.found.length) onFound();
  };
  const noteAdvert = (group: string, link: string, advert: Advert) =>
    see(group, ({ known, sight }) => {
      const former = formerGroupFrom(known, link, advert);
      if (former === undefined) return sight;
      return seeFormerGroup(sight, former, contestedAddress(known, former) !== undefined && isOwner(group));
    });
  /** Two hosts that start slowly must still hear each other as owners, so the time counts from when this one may be one. */
  const wait = (group: string, listening: Listening & { phase: "listening" }, nowMs: number) => {
    const { latestMs, known } = listening;
    if (latestMs === undefined) return;
    if (isCandidate(group)) {
      listening.untilMs = Math.max(listening.untilMs, nowMs + listenMs(known.to));
      listening.latestMs = undefined;
    } else if (listening.untilMs <= nowMs) listening.untilMs = Math.min(latestMs, nowMs + RECHECK_MS);
  };
  const close = (group: string, listening: Listening) => {
    if (listening.phase === "listening") listening.listeners.close();
    listenings.set(group, { phase: "over" });
  };
  return {
    listenFor: (known, interfaces) => {
      const group = known.to.name;
      const current = listenings.get(group);
      if (current?.phase === "over") return;
      if (current !== undefined) {
        current.known = known;
        current.listeners.setInterfaces(interfaces);
        return;
      }
      const listeners = openChangeListeners(listen, (link, advert) => noteAdvert(group, link, advert));
      const nowMs = performance.now();
      const [untilMs, latestMs] = [nowMs + listenMs(known.to), nowMs + WATCH_MS];
      const sight = NOTHING_SEEN;
      listenings.set(group, { phase: "listening", listeners, untilMs, latestMs, known, sight });
      listeners.setInterfaces(interfaces);
    },
    formerGroupsOf: (group) => {
      const listening = listenings.get(group);
      return listening?.phase === "listening" ? listening.sight.found : [];
    },
    noteAnswer: (link, address) => {
      for (const [group, listening] of listenings) {
        if (listening.phase === "over") continue;
        if (listening.known.askable.get(address)?.interface !== link) continue;
        see(group, ({ sight }) => seeAnswer(sight, isOwner(group)));
      }
    },
    retainGroups: (groups) => {
      for (const [group, listening] of listenings) {
        if (groups.has(group)) continue;
        close(group, listening);
        listenings.delete(group);
      }
    },
    closeExpired: () => {
      const nowMs = performance.now();
      const restsMs: number[] = [];
      for (const [group, listening] of listenings) {
        if (listening.phase === "over") continue;
        wait(group, listening, nowMs);
        if (listening.untilMs > nowMs) restsMs.push(listening.untilMs - nowMs);
        else close(group, listening);
      }
      return restsMs.length === 0 ? undefined : Math.min(...restsMs);
    },
  };
}

/** A VIP that the former group has, too. If they share none, an answer for this group's first VIP is the proof. */
function contestedAddress({ to, askable }: ListenedGroup, former: Instance): AskedAddress | undefined {
  const shared = vipsOf(former).find((vip) => vipsOf(to).includes(vip));
  return askable.get(shared ?? to.firstVip.address);
}

/** How long this host listens, by its own interval. An owner whose interval is longer than this time is not heard. */
function listenMs({ advertIntervalSeconds }: Instance): number {
  return FIRST_SIGHT_MS + FIRST_SIGHT_INTERVALS * 1_000 * advertIntervalSeconds;
}
