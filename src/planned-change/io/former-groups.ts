/**
 * What other members run of a group when it begins on this host: it listens for a moment whether one of them owns the VIPs
 * in another group. It does so with memory, too: a change may have come and gone while this agent did not run.
 */

import type { Instance } from "../../vrrp/instance.ts";
import { formerGroupFrom, type KnownGroup } from "../former-group.ts";
import { distinctGroups } from "../planned-change.ts";
import { FIRST_SIGHT_INTERVALS, FIRST_SIGHT_MS } from "../waits.ts";
import { type ChangeListeners, type Listen, openChangeListeners } from "./change-listeners.ts";

/** Forged adverts can name any number of groups. */
const MAX_GROUPS = 8;

export interface FormerGroups {
  /** Listens for a group from its first step on. Later calls only renew what is known of it. */
  listenFor(known: KnownGroup, interfaces: ReadonlySet<string>): void;
  /** What members were heard to run of the group. Empty after the time to listen. */
  formerGroupsOf(group: string): readonly Instance[];
  /** Forgets the groups that this host does not have any more: they begin anew when they come back. */
  retainGroups(groups: ReadonlySet<string>): void;
  /** Ends the listening that has lasted long enough. @returns the ms until the next one ends, if there is one. */
  closeExpired(): number | undefined;
}

type Listening =
  | {
      readonly phase: "listening";
      readonly listeners: ChangeListeners;
      readonly untilMs: number;
      known: KnownGroup;
      found: readonly Instance[];
    }
  | { readonly phase: "over" };

/** @param onFound is called when a former group was heard. */
export function openFormerGroups(listen: Listen, onFound: () => void): FormerGroups {
  const listenings = new Map<string, Listening>();
  const noteFormer = (group: string, former: (known: KnownGroup) => Instance | undefined) => {
    const listening = listenings.get(group);
    if (listening?.phase !== "listening" || listening.found.length >= MAX_GROUPS) return;
    const found = former(listening.known);
    if (found === undefined) return;
    const before = listening.found;
    listening.found = distinctGroups([...before, found]);
    if (listening.found.length > before.length) onFound();
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
      const listeners = openChangeListeners(listen, (link, advert) =>
        noteFormer(group, (now) => formerGroupFrom(now, link, advert)),
      );
      const untilMs = performance.now() + listenMs(known.to);
      listenings.set(group, { phase: "listening", listeners, untilMs, known, found: [] });
      listeners.setInterfaces(interfaces);
    },
    formerGroupsOf: (group) => {
      const listening = listenings.get(group);
      return listening?.phase === "listening" ? listening.found : [];
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
        if (listening.untilMs > nowMs) restsMs.push(listening.untilMs - nowMs);
        else close(group, listening);
      }
      return restsMs.length === 0 ? undefined : Math.min(...restsMs);
    },
  };
}

/** As long as the own interval asks for. An owner with a longer one than all of that is not heard in time. */
function listenMs({ advertIntervalSeconds }: Instance): number {
  return FIRST_SIGHT_MS + FIRST_SIGHT_INTERVALS * 1_000 * advertIntervalSeconds;
}
