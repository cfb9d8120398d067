/** Hosts that act as owners of a group and are no peers: keepalived drops their adverts, and only its log says so. */

import { adviseOnUnknownSender } from "../groups/advice.ts";
import type { LogLine } from "./log-line.ts";

/** An owner sends adverts at least once in 40.95 s with VRRPv3; one that is not heard for longer, ms, is gone. */
const GONE_MS = 15_000;
/** For so long, ms, a host may be no peer yet: it joins, or a planned change is under way. */
const PATIENCE_MS = 3_000;
/** Strangers remembered at most, the first ones: who forges adverts can invent one with each. */
const MAX_STRANGERS = 16;

export interface UnknownSenders {
  /** Takes in a line of keepalived's log. Times are ms of any monotonic clock. */
  observe(line: LogLine, nowMs: number): void;
  /** Sentences on those that are there, and have been for a while. */
  advice(nowMs: number): string[];
  /** When the advice may be another one, ms from now; undefined: not before a line says so. */
  readonly recheckMs: number | undefined;
}

interface Stranger {
  readonly advice: string;
  readonly sinceMs: number;
  lastMs: number;
}

/** @param onAdvert told of each advert from whom it came, and whether that one is remembered from now on. */
export function createUnknownSenders(onAdvert: (address: string, isNew: boolean) => void): UnknownSenders {
  const seen = new Map<string, Stranger>();
  const forget = (nowMs: number) => {
    for (const [key, { lastMs }] of seen) if (nowMs - lastMs > GONE_MS) seen.delete(key);
  };
  const staying = (nowMs: number) => {
    forget(nowMs);
    return [...seen.values()].filter(({ sinceMs, lastMs }) => lastMs - sinceMs >= PATIENCE_MS);
  };
  return {
    observe: (line, nowMs) => {
      if (line.kind !== "unknown-sender") return;
      const { instance, address } = line;
      const key = `${instance} ${address}`;
      const known = seen.get(key);
      const isKnown = known !== undefined && nowMs - known.lastMs <= GONE_MS;
      if (isKnown) known.lastMs = nowMs;
      else forget(nowMs);
      const isNew = !isKnown && seen.size < MAX_STRANGERS;
      if (isNew) {
        const advice = adviseOnUnknownSender(instance, address);
        seen.set(key, { advice, sinceMs: nowMs, lastMs: nowMs });
      }
      onAdvert(address, isNew);
    },
    advice: (nowMs) =>
      staying(nowMs)
        .map(({ advice }) => advice)
        .toSorted(),
    get recheckMs() {
      return seen.size === 0 ? undefined : PATIENCE_MS;
    },
  };
}
