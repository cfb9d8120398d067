/**
 * Tells the neighbours of this host which VIPs it owns: the first VIP of each group as soon as this host is owner, and
 * all VIPs of a group once a rival is gone, or its interface has another MAC, because clients may still follow the
 * former one.
 *
 * Only an address that the kernel has is announced. A group is announced three times in 15 s at most, whatever is heard on
 * the wire.
 */
import { retainNames } from "../../text/by-name.ts";
import { type Instance, vipsOf } from "../../vrrp/instance.ts";
import type { AnnouncingLink } from "../../wire/io/wire.ts";

/** The limit for announcements of one group because of rivals: a rival may come and go, and its end may be a lost answer. */
const LIMIT = { count: 3, withinMs: 15_000 };

export interface AnnouncerOptions {
  readonly announce: (link: AnnouncingLink, addresses: readonly string[]) => void;
  /** The VIPs that the kernel has now. */
  readonly readVips: () => Promise<readonly { readonly interface: string; readonly address: string }[]>;
  /** The group as it is now; undefined where this host does not own it, or its interface has no MAC. */
  readonly findOwned: (group: string) => { readonly instance: Instance; readonly mac: string } | undefined;
  readonly signal: AbortSignal;
}

export interface Announcer {
  /** Announces the first VIP of each of these groups. */
  announceFirst(groups: readonly string[]): void;
  /** Announces all VIPs of the group, the first one first. */
  announceAll(group: string): void;
  /** Forgets all other groups, and what is still to be announced of them. */
  retainGroups(groups: ReadonlySet<string>): void;
}

export function createAnnouncer({ announce, readVips, findOwned, signal }: AnnouncerOptions): Announcer {
  /** When each group was announced, those within the limit's time. */
  const announcedMs = new Map<string, readonly number[]>();
  const timers = new Map<string, NodeJS.Timeout>();
  const begun = new Set<string>();
  let isSendingFirst = false;
  signal.addEventListener("abort", () => timers.forEach(clearTimeout), { once: true });

  const send = async (groups: readonly string[], select: (instance: Instance) => readonly string[]) => {
    const held = await readVips().catch(() => []);
    if (signal.aborted) return;
    for (const group of groups) {
      const owned = findOwned(group);
      if (owned === undefined) continue;
      const { instance, mac } = owned;
      const isHeld = (address: string) =>
        held.some((one) => one.interface === instance.interface && one.address === address);
      announce({ name: instance.interface, mac }, select(instance).filter(isHeld));
    }
  };
  const sendAll = (group: string) => {
    timers.delete(group);
    announcedMs.set(group, [...(announcedMs.get(group) ?? []), performance.now()].slice(-LIMIT.count));
    void send([group], vipsOf);
  };
  /** Groups that begin together share one reading of the kernel's addresses. */
  const sendFirst = async () => {
    isSendingFirst = true;
    while (begun.size > 0) {
      const groups = [...begun];
      begun.clear();
      await send(groups, ({ firstVip }) => [firstVip.address]);
    }
    isSendingFirst = false;
  };
  return {
    announceFirst: (groups) => {
      for (const group of groups) begun.add(group);
      if (!isSendingFirst) void sendFirst();
    },
    announceAll: (group) => {
      if (signal.aborted || timers.has(group)) return;
      const oldestMs = announcedMs.get(group)?.at(-LIMIT.count) ?? Number.NEGATIVE_INFINITY;
      const waitMs = oldestMs + LIMIT.withinMs - performance.now();
      if (waitMs <= 0) sendAll(group);
      else timers.set(group, setTimeout(sendAll, waitMs, group));
    },
    retainGroups: (groups) => {
      for (const [group, timer] of timers) if (!groups.has(group)) clearTimeout(timer);
      retainNames(timers, groups);
      retainNames(announcedMs, groups);
    },
  };
}
