/** What an event did to the VIP: arithmetic on who held it when. */
import type { Period, Tenure } from "../e2e/lab/tenure.ts";

export interface Outcome {
  /** How long the event really lasted, ms: on a busy machine it is longer than it was meant to be. */
  readonly lastedMs: number;
  /** How often a host took the VIP. */
  readonly takes: number;
  /** How often the host that took it last gave it up to one that had it before. */
  readonly returns: number;
  /** From the beginning of the event until another host had it, ms. Undefined where none took it. */
  readonly takeoverMs: number | undefined;
  /** Total time in which two or more hosts held it, ms. */
  readonly twoOwnersMs: number;
  /** The part of it after the event's end, when clients reach both. */
  readonly twoOwnersHealedMs: number;
  /** Total time in which no host held it, ms. */
  readonly vacantMs: number;
}

export interface WatchedEvent {
  readonly owner: string;
  readonly brokenAtMs: number;
  readonly healedAtMs: number;
  readonly untilMs: number;
}

/** Each move of the VIP: taken, or given back. */
export function movesOf({ takes, returns }: Pick<Outcome, "takes" | "returns">): number {
  return takes + returns;
}

export function outcomeOf(tenures: readonly Tenure[], event: WatchedEvent): Outcome {
  const { owner, brokenAtMs, healedAtMs, untilMs } = event;
  const isWithin = (atMs: number) => atMs >= brokenAtMs && atMs < untilMs;
  const taken = tenures.filter(({ fromMs }) => isWithin(fromMs));
  const others = taken.filter(({ host }) => host !== owner);
  const whole = { fromMs: brokenAtMs, toMs: untilMs };
  const isShared = (holders: number) => holders > 1;
  return {
    lastedMs: healedAtMs - brokenAtMs,
    takes: taken.length,
    returns: tenures.filter((tenure) => isWithin(tenure.toMs) && isReturn(tenure, tenures)).length,
    takeoverMs:
      others.length === 0 ? undefined : Math.min(...others.map(({ fromMs }) => fromMs)) - brokenAtMs,
    twoOwnersMs: totalTime(tenures, whole, isShared),
    twoOwnersHealedMs: totalTime(
      tenures,
      { fromMs: Math.max(brokenAtMs, healedAtMs), toMs: untilMs },
      isShared,
    ),
    vacantMs: totalTime(tenures, whole, (holders) => holders === 0),
  };
}

/** The tenure ends while another one goes on that is older. */
function isReturn(ended: Tenure, tenures: readonly Tenure[]): boolean {
  const rest = tenures.filter(
    (other) => other !== ended && other.fromMs <= ended.toMs && other.toMs > ended.toMs,
  );
  return rest.length > 0 && rest.every(({ fromMs }) => fromMs < ended.fromMs);
}

function totalTime(
  tenures: readonly Tenure[],
  { fromMs, toMs }: Period,
  counts: (holders: number) => boolean,
): number {
  const within = (atMs: number) => Math.min(Math.max(atMs, fromMs), toMs);
  const bounds = [fromMs, toMs, ...tenures.flatMap((tenure) => [within(tenure.fromMs), within(tenure.toMs)])];
  const sorted = [...new Set(bounds)].toSorted((a, b) => a - b);
  return sorted.slice(1).reduce((total, end, index) => {
    const start = sorted[index]!;
    const holders = tenures.filter((tenure) => tenure.fromMs <= start && tenure.toMs >= end).length;
    return counts(holders) ? total + end - start : total;
  }, 0);
}
