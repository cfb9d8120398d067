/**
 * Hosts that send adverts for a group and are not its peers. keepalived drops their adverts and says so only in its
 * log.
 */

import { adviseOnUnknownSender } from "../groups/advice.ts";
import type { LogLine } from "./log-line.ts";

/** A sender that was not heard for this long is forgotten. */
const FORGET_MS = 15_000;
/**
 * A host may send for this long without being a peer before there is advice: it may be joining, or a planned change is
 * under way.
 */
const PATIENCE_MS = 3_000;
/** Only the first senders are remembered: forged adverts can each come from a new address. */
const MAX_SENDERS = 16;

/** All times are of one monotonic clock. */
export interface UnknownSenders {
  /** Takes each line of keepalived's log. */
  observe(line: LogLine, nowMs: number): void;
  /** One sentence for each sender that has stayed longer than a moment, sorted. */
  advice(nowMs: number): string[];
  /** After this time the advice may differ without a new line; undefined where it cannot. */
  readonly recheckMs: number | undefined;
}

interface Sender {
  readonly advice: string;
  readonly sinceMs: number;
  lastMs: number;
}

/** @param onAdvert called with the sender of each advert, and whether that sender is remembered from now on. */
export function createUnknownSenders(onAdvert: (address: string, isNew: boolean) => void): UnknownSenders {
  const senders = new Map<string, Sender>();
  const forgetGone = (nowMs: number) => {
    for (const [key, { lastMs }] of senders) if (nowMs - lastMs > FORGET_MS) senders.delete(key);
  };
  return {
    observe: (line, nowMs) => {
      if (line.kind !== "unknown-sender") return;
      const { instance, address } = line;
      const key = `${instance} ${address}`;
      const known = senders.get(key);
      const isKnown = known !== undefined && nowMs - known.lastMs <= FORGET_MS;
      if (isKnown) known.lastMs = nowMs;
      else forgetGone(nowMs);
      const isNew = !isKnown && senders.size < MAX_SENDERS;
      if (isNew) {
        const advice = adviseOnUnknownSender(instance, address);
        senders.set(key, { advice, sinceMs: nowMs, lastMs: nowMs });
      }
      onAdvert(address, isNew);
    },
    advice: (nowMs) => {
      forgetGone(nowMs);
      const staying = [...senders.values()].filter(({ sinceMs, lastMs }) => lastMs - sinceMs >= PATIENCE_MS);
      return staying.map(({ advice }) => advice).toSorted();
    },
    get recheckMs() {
      return senders.size === 0 ? undefined : PATIENCE_MS;
    },
  };
}
