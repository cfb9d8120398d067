/**
 * Finds peers whose adverts keepalived drops, although the configuration in force names them. keepalived then runs an
 * older configuration, whatever it confirmed. Two hosts own the VIP as soon as both can, so it must read its file again.
 */
import type { Instance } from "../vrrp/instance.ts";
import type { LogLine } from "./log-line.ts";

/** Lines of keepalived's log can be read a moment after the reload that made them obsolete. */
const PATIENCE_MS = 3_000;
/** Each reload that did not help doubles the time until the next one, up to this. */
const LONGEST_PATIENCE_MS = 300_000;
/** Adverts further apart than this are no proof that the ones between them were dropped, too. */
const MAX_GAP_MS = 2_000;

export interface DroppedPeers {
  /**
   * Takes each line of keepalived's log. All times are of one monotonic clock.
   *
   * @param inForce the instances that keepalived confirmed.
   * @returns a sentence where keepalived must read its configuration again: after 3 s, then ever more rarely.
   */
  observe(line: LogLine, inForce: readonly Instance[], nowMs: number): string | undefined;
}

/** Times in ms. */
interface Dropped {
  /** The first advert that was dropped, or the last reload. */
  readonly sinceMs: number;
  readonly lastMs: number;
  readonly patienceMs: number;
}

export function createDroppedPeers(): DroppedPeers {
  /** Only peers are remembered, so forged adverts cannot fill it. */
  const dropped = new Map<string, Dropped>();
  return {
    observe: (line, inForce, nowMs) => {
      if (line.kind !== "unknown-sender") return undefined;
      const { instance, address } = line;
      const key = `${instance} ${address}`;
      const isPeer = inForce.some(
        ({ name, unicast }) => name === instance && unicast?.peers.includes(address),
      );
      const before = dropped.get(key);
      dropped.delete(key);
      if (!isPeer) return undefined;
      const isOngoing = before !== undefined && nowMs - before.lastMs <= MAX_GAP_MS;
      const { sinceMs, patienceMs } = isOngoing ? before : { sinceMs: nowMs, patienceMs: PATIENCE_MS };
      if (nowMs - sinceMs < patienceMs) {
        dropped.set(key, { sinceMs, lastMs: nowMs, patienceMs });
        return undefined;
      }
      const longerMs = Math.min(2 * patienceMs, LONGEST_PATIENCE_MS);
      dropped.set(key, { sinceMs: nowMs, lastMs: nowMs, patienceMs: longerMs });
      return `it drops the adverts of ${address}, a peer of ${instance}`;
    },
  };
}
