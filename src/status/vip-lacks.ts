/**
 * The further VIPs that an owner lacks, over time: when each is put back, and which of them are a problem.
 *
 * The pauses between tries grow, because a program that removes a VIP does so again. A VIP that came back is well at
 * once if it was removed once or twice, and otherwise after a minute.
 */
import type { MissingVip } from "./missing-vip.ts";

/** keepalived sets its VIPs within a few ms of a change of state. */
const FIRST_REPAIR_MS = 1_000;
const FIRST_PAUSE_MS = 5_000;
const LONGEST_PAUSE_MS = 60_000;
/** A VIP that is missing for this long is a problem. */
const LASTING_MS = 5_000;
/** If a VIP vanishes again before it has stayed for this long, a program removes it. */
const CALM_MS = 60_000;
/** The removal after this many is a problem, however soon the VIP is back. */
const REMOVALS_TOLERATED = 2;

/** Times are of one monotonic clock. */
interface Lack {
  readonly vip: MissingVip;
  readonly sinceMs: number;
  /** Undefined while it is missing. */
  readonly backAtMs: number | undefined;
  readonly removals: number;
  readonly nextRepairMs: number;
  readonly pauseMs: number;
  /** The settings of the kernel that refuse it, or the result of the last try. */
  readonly reason: string;
  /** A setting of the kernel refused it at the last try. */
  readonly isSkipped: boolean;
}

export interface VipLacks {
  /** Notes which VIPs are missing now. */
  note(missing: readonly MissingVip[], nowMs: number): void;
  /** The VIPs to put back now. */
  due(nowMs: number): MissingVip[];
  /** Notes a try, and its result. The next one is due after a pause, which grows. */
  tried(vip: MissingVip, reason: string, nowMs: number): void;
  /** Notes that a setting of the kernel refuses the VIP, so that a try was useless. The pause does not grow. */
  skipped(vip: MissingVip, reason: string, nowMs: number): void;
  /** The next try is due now for each missing VIP that was skipped last, if `isPossible` says so. */
  hurrySkipped(isPossible: (vip: MissingVip) => boolean, nowMs: number): void;
  /** Forgets the VIPs of all other groups. */
  retainGroups(groups: ReadonlySet<string>): void;
  /** Those that are a problem, with the reason. */
  lasting(nowMs: number): { readonly vip: MissingVip; readonly reason: string }[];
  /** When something is due next, ms from now; undefined where nothing is missing. */
  recheckMs(nowMs: number): number | undefined;
}

export function createVipLacks(): VipLacks {
  const lacks = new Map<string, Lack>();
  const missing = () => [...lacks.values()].filter(({ backAtMs }) => backAtMs === undefined);

  return {
    note: (vips, nowMs) => {
      const keys = new Set(vips.map(keyOf));
      for (const [key, lack] of lacks) {
        if (keys.has(key)) continue;
        const backAtMs = lack.backAtMs ?? nowMs;
        if (nowMs - backAtMs >= CALM_MS) lacks.delete(key);
        else lacks.set(key, { ...lack, backAtMs });
      }
      for (const vip of vips) {
        const key = keyOf(vip);
        const known = lacks.get(key);
        if (known === undefined) lacks.set(key, newLack(vip, nowMs));
        else if (known.backAtMs !== undefined)
          lacks.set(key, {
            ...known,
            sinceMs: nowMs,
            backAtMs: undefined,
            removals: known.removals + 1,
            nextRepairMs: Math.max(known.nextRepairMs, nowMs + FIRST_REPAIR_MS),
          });
      }
    },
    due: (nowMs) =>
      missing()
        .filter(({ nextRepairMs }) => nextRepairMs <= nowMs)
        .map(({ vip }) => vip),
    tried: (vip, reason, nowMs) => {
      const lack = lacks.get(keyOf(vip));
      if (lack === undefined) return;
      const pauseMs = Math.min(2 * lack.pauseMs, LONGEST_PAUSE_MS);
      lacks.set(keyOf(vip), {
        ...lack,
        reason,
        isSkipped: false,
        pauseMs,
        nextRepairMs: nowMs + lack.pauseMs,
      });
    },
    skipped: (vip, reason, nowMs) => {
      const lack = lacks.get(keyOf(vip));
      if (lack === undefined) return;
      lacks.set(keyOf(vip), { ...lack, reason, isSkipped: true, nextRepairMs: nowMs + FIRST_PAUSE_MS });
    },
    hurrySkipped: (isPossible, nowMs) => {
      for (const lack of missing())
        if (lack.isSkipped && isPossible(lack.vip))
          lacks.set(keyOf(lack.vip), { ...lack, nextRepairMs: nowMs });
    },
    retainGroups: (groups) => {
      for (const [key, { vip }] of lacks) if (!groups.has(vip.group)) lacks.delete(key);
    },
    lasting: (nowMs) =>
      [...lacks.values()]
        .filter(
          ({ sinceMs, backAtMs, removals }) =>
            removals > REMOVALS_TOLERATED || (backAtMs === undefined && nowMs - sinceMs >= LASTING_MS),
        )
        .map(({ vip, reason }) => ({ vip, reason })),
    recheckMs: (nowMs) => {
      const lasting = missing()
        .map(({ sinceMs }) => sinceMs + LASTING_MS)
        .filter((atMs) => atMs > nowMs);
      const times = [
        ...missing().map(({ nextRepairMs }) => nextRepairMs),
        ...lasting,
        ...[...lacks.values()].flatMap(({ backAtMs }) => (backAtMs === undefined ? [] : backAtMs + CALM_MS)),
      ];
      return times.length === 0 ? undefined : Math.max(0, Math.min(...times) - nowMs);
    },
  };
}

function newLack(vip: MissingVip, nowMs: number): Lack {
  return {
    vip,
    sinceMs: nowMs,
    backAtMs: undefined,
    removals: 1,
    nextRepairMs: nowMs + FIRST_REPAIR_MS,
    pauseMs: FIRST_PAUSE_MS,
    reason: "it was taken off the interface",
    isSkipped: false,
  };
}

function keyOf({ group, address }: MissingVip): string {
  return `${group} ${address}`;
}
