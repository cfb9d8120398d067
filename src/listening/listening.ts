/**
 * Listening before claiming: a group that begins on this host may own its VIPs only after this host has listened for
 * another owner.
 *
 * - An owner that keepalived backs up ends the listening: VRRP does the rest.
 * - Silence ends it after 3 s, of which keepalived itself listens during the last adverts.
 * - A host that owns the VIPs and is not a peer yet, or a machine that answers for the first VIP without an advert, makes it
 *   longer. A word from outside keeps the VIPs without an owner for 15 s at most.
 * - A host that cannot hear at all goes on after 10 s: keepalived then has only its own ears.
 */
import type { Advert } from "../vrrp/advert.ts";
import type { Instance } from "../vrrp/instance.ts";
import type { Speech } from "./speech.ts";

/** As long as the owner needs to learn of a newcomer from metadata and to send it adverts. */
export const LISTEN_MS = 3_000;
/** Longer than the owner needs in a planned change until it runs the group as this host does. */
export const LONGEST_LISTEN_MS = 15_000;
/** A host that cannot hear waits this long. The listener is up within a second. */
export const DEAF_MS = 10_000;
/** keepalived becomes owner after three intervals without an advert, and this host must have listened before it. */
const ELECTION_ADVERTS = 3;
const SHORTEST_LISTEN_MS = LISTEN_MS / 2;
/** An owner is asked for again within this time. */
const ANSWER_MS = 4_000;
/** A stranger that misses so many of its adverts is gone. */
const STRANGER_ADVERTS = 4;
const MARGIN_MS = 50;
/** While nothing is heard because the listener is not up yet, this host looks again this often. */
const RECHECK_MS = 100;
/** Made-up senders must not cost memory. */
const MAX_STRANGERS = 16;

interface Stranger {
  readonly source: string;
  readonly atMs: number;
  readonly goneMs: number;
}

/** What was heard of a group since it began on this host. Times are of one monotonic clock. */
export interface Listening {
  readonly instance: Instance;
  readonly beganMs: number;
  /** This host leaves the group to others for so much longer (`startDelayMs`). */
  readonly turnDelayMs: number;
  /** Whether an owner was heard that keepalived backs up. */
  readonly hasOwner: boolean;
  readonly strangers: readonly Stranger[];
  /** The last answer for the first VIP. */
  readonly answer: { readonly mac: string; readonly atMs: number } | undefined;
}

/** What else this host knows when it decides. */
export interface Ear {
  /** Since when every advert on the interface is heard. Undefined while none can be. */
  readonly sinceMs: number | undefined;
  /** Whether an address is one of the environment's hosts. Undefined while that is not known. */
  readonly isHost: (address: string) => boolean | undefined;
}

/**
 * `listening`: this host may not own the VIPs yet. `electing`: it may, and keepalived itself still listens. `over`: it
 * need not listen any more.
 */
export type ListeningStep =
  | { readonly phase: "listening"; readonly reason: string; readonly recheckMs: number }
  | { readonly phase: "electing"; readonly recheckMs: number }
  | { readonly phase: "over"; readonly because: "owner" | "silence" | "deaf" | "bound" };

export function beginListening(instance: Instance, turnDelayMs: number, nowMs: number): Listening {
  return { instance, beganMs: nowMs, turnDelayMs, hasOwner: false, strangers: [], answer: undefined };
}

/** The listening with one more advert, of which `speechOf` says `speech`. */
export function hearAdvert(
  listening: Listening,
  { advert, speech }: { advert: Advert; speech: Speech },
  isHost: Ear["isHost"],
  nowMs: number,
): Listening {
  if (speech === "owner") return { ...listening, hasOwner: true };
  const { source } = advert;
  if (speech === "nothing" || isHost(source) === false) return listening;
  const goneMs = nowMs + STRANGER_ADVERTS * 1_000 * advert.intervalSeconds + MARGIN_MS;
  const others = listening.strangers.filter(
    (one) => one.source !== source && one.goneMs > nowMs && isHost(one.source) !== false,
  );
  if (others.length >= MAX_STRANGERS) return listening;
  return { ...listening, strangers: [...others, { source, atMs: nowMs, goneMs }] };
}

/** The listening after another machine answered for the first VIP. */
export function hearAnswer(listening: Listening, mac: string, nowMs: number): Listening {
  return { ...listening, answer: { mac, atMs: nowMs } };
}

/** What this host does now about a group that has begun. */
export function listeningStep(listening: Listening, ear: Ear, nowMs: number): ListeningStep {
  const { instance, beganMs, turnDelayMs, hasOwner, answer } = listening;
  if (hasOwner) return { phase: "over", because: "owner" };
  if (ear.sinceMs === undefined) {
    const restMs = beganMs + DEAF_MS - nowMs;
    if (restMs <= 0) return { phase: "over", because: "deaf" };
    const reason = `this host cannot hear other hosts on ${instance.interface} yet`;
    return { phase: "listening", reason, recheckMs: Math.min(restMs, RECHECK_MS) };
  }
  const sinceMs = Math.max(beganMs, ear.sinceMs);
  const boundMs = sinceMs + LONGEST_LISTEN_MS;
  const [stranger] = listening.strangers.filter(
    ({ source, goneMs }) => goneMs > nowMs && ear.isHost(source) !== false,
  );
  const isAnswered = answer !== undefined && answer.atMs + ANSWER_MS > nowMs;
  if (stranger !== undefined || isAnswered) {
    const goneMs = Math.max(stranger?.goneMs ?? 0, isAnswered ? answer.atMs + ANSWER_MS : 0);
    const restMs = Math.min(boundMs, goneMs) - nowMs;
    if (boundMs <= nowMs) return { phase: "over", because: "bound" };
    const reason =
      stranger === undefined
        ? `${answer?.mac} answers for ${instance.firstVip.address} and sends no adverts that this host accepts`
        : `${stranger.source} owns the virtual IPs, and this host is about to learn who it is`;
    return { phase: "listening", reason, recheckMs: restMs };
  }
  return silentStep(instance, sinceMs + LISTEN_MS, turnDelayMs, nowMs);
}

/** The step while nothing is heard. @param endMs when silence has lasted long enough. */
function silentStep(
  { advertIntervalSeconds }: Instance,
  endMs: number,
  turnDelayMs: number,
  nowMs: number,
): ListeningStep {
  // hosts that start together must stay apart
  const electionMs =
    turnDelayMs > 0
      ? 0
      : Math.min(ELECTION_ADVERTS * 1_000 * advertIntervalSeconds, LISTEN_MS - SHORTEST_LISTEN_MS);
  const electMs = endMs + turnDelayMs - electionMs;
  if (nowMs < electMs) {
    const reason =
      nowMs < endMs - electionMs
        ? "this host listens for another owner first"
        : "another host is first to offer itself for this group";
    // the reason changes in between
    const nextMs = nowMs < endMs - electionMs ? endMs - electionMs : electMs;
    return { phase: "listening", reason, recheckMs: nextMs - nowMs };
  }
  const restMs = endMs + turnDelayMs - nowMs;
  return restMs > 0 ? { phase: "electing", recheckMs: restMs } : { phase: "over", because: "silence" };
}
