/**
 * Whether an owner that states a long advert interval still exists. A backup of VRRPv3 waits for three of the intervals
 * that the last advert states, up to 123 s, so one forged advert would keep the VIPs without an owner for that long.
 *
 * A real owner answers for its VIP meanwhile. So without an advert or an answer this host stops waiting.
 */
import type { Instance } from "../vrrp/instance.ts";

/** An owner counts as silent after this time, or after three of the group's own intervals if that is longer. */
const SILENCE_MS = 3_000;
/** A living owner has answered within this time: it is asked every 0.25 s. */
const ANSWER_MS = 1_500;

/** Times are of one monotonic clock. */
export interface OwnerWatch {
  /** When the last advert with the long interval was heard. */
  readonly heardMs: number;
  /** When another machine last answered for the first VIP. */
  readonly answeredMs: number;
}

export type OwnerVerdict = "waiting" | "present" | "silent";

/** How long this host waits for an advert or an answer, in ms. */
export function silenceMs({ advertIntervalSeconds }: Instance): number {
  return Math.max(SILENCE_MS, 3_000 * advertIntervalSeconds);
}

/** Whether keepalived would wait longer than this host, after an advert with this interval. */
export function isLongInterval(instance: Instance, intervalSeconds: number): boolean {
  return instance.vrrpVersion === 3 && 3_000 * intervalSeconds > silenceMs(instance);
}

/** @param listeningSinceMs since when this host hears every advert and answer; undefined while it hears none. */
export function judgeOwner(
  instance: Instance,
  { heardMs, answeredMs }: OwnerWatch,
  listeningSinceMs: number | undefined,
  nowMs: number,
): OwnerVerdict {
  if (listeningSinceMs === undefined) return "waiting";
  if (nowMs - Math.max(heardMs, listeningSinceMs) < silenceMs(instance)) return "waiting";
  return nowMs - answeredMs < ANSWER_MS ? "present" : "silent";
}
