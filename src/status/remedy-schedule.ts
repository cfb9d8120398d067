/**
 * When the remedy of a contradiction is applied, and how often. A remedy that did not help is not repeated for ever: a
 * new keepalived moves the VIPs, and the other hosts may have the same fault.
 */
import type { FoundContradiction, Remedy } from "./contradiction.ts";

/** keepalived is replaced once in this time for the same contradiction. */
const REPLACED_ONCE_IN_MS = 600_000;
const FIRST_RELOAD_PAUSE_MS = 5_000;
const LONGEST_RELOAD_PAUSE_MS = 60_000;
/** Contradictions that have a remedy are few, because each names a group. */
const MAX_REMEMBERED = 600;

interface Applied {
  readonly atMs: number;
  readonly count: number;
}

export interface RemedySchedule {
  /** The remedy to apply now for a contradiction that is older than its `remedyDelayMs`. */
  due(found: FoundContradiction, nowMs: number): Remedy | undefined;
}

export function createRemedySchedule(): RemedySchedule {
  /** By the key of the contradiction. */
  const applied = new Map<string, Applied>();
  const note = (key: string, nowMs: number): void => {
    const count = (applied.get(key)?.count ?? 0) + 1;
    applied.delete(key); // keeps the map in the order of use
    applied.set(key, { atMs: nowMs, count });
    const [oldest] = applied.keys();
    if (applied.size > MAX_REMEMBERED && oldest !== undefined) applied.delete(oldest);
  };
  return {
    due: ({ key, remedy, lastResort }, nowMs) => {
      if (remedy === undefined || remedy.kind === "remove" || remedy.kind === "hold") return remedy;
      const last = applied.get(key);
      const isForgotten = last === undefined || nowMs - last.atMs >= REPLACED_ONCE_IN_MS;
      if (isForgotten) applied.delete(key);
      else if (remedy.kind === "replace" && lastResort !== undefined) return lastResort;
      else if (remedy.kind === "reload" && nowMs - last.atMs < reloadPauseMs(last.count)) return undefined;
      note(key, nowMs);
      return remedy;
    },
  };
}

function reloadPauseMs(count: number): number {
  return Math.min(FIRST_RELOAD_PAUSE_MS * 2 ** (count - 1), LONGEST_RELOAD_PAUSE_MS);
}
