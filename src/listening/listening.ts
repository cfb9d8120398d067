/**
 * Listening before claiming: a group that begins on this host may own its VIPs only after this host has listened for
 * another owner.
 *
 * - An owner that keepalived backs up ends the listening: VRRP does the rest.
 * - Silence ends it after 3 s, of which keepalived itself listens during the last adverts.
 * - A host that owns the VIPs and is not a peer yet, or a machine that answers for the first VIP without an advert, makes it
 *   longer. A word from outside keeps the VIPs without an owner for 15 s at most.
 * - Adverts and answers together count for a day where metadata does not tell who the machine is: the VIPs have an owner
 *   then, and this host is no second one, whatever its memory says.
 * - A host that cannot hear goes on after 10 s: keepalived then has only its own ears. What it heard before counts until
 *   15 s: it cannot hear that this has ended.
 * - Silence counts only while every advert is heard, so a flood that costs adverts makes it longer, up to 15 s.
 */
import type { Advert } from "../vrrp/advert.ts";
import type { Instance } from "../vrrp/instance.ts";
import type { Speech } from "./speech.ts";

/** As long as the owner needs to learn of a newcomer from metadata and to send it adverts. */
export const LISTEN_MS = 3_000;
/** Longer than the owner needs in a planned change until it runs the group as this host does. */
export const LONGEST_LISTEN_MS = 15_000;
/** A host that metadata cannot name is waited for no longer, though it owns the VIPs by its adverts and its answers. */
export const LONGEST_PROVEN_MS = 24 * 3_600_000;
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
  | {
      readonly phase: "listening";
      readonly reason: string;
      readonly recheckMs: number;
      /** The address of a machine that sends an owner's adverts. */
      readonly stranger?: string | undefined;
    }
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
  const { instance, beganMs, turnDelayMs } = listening;
  if (listening.hasOwner) return { phase: "over", because: "owner" };
  const claim = claimOfOther(listening, ear, nowMs);
  const boundMs = beganMs + (claim?.isProven ? LONGEST_PROVEN_MS : LONGEST_LISTEN_MS);
  if (claim !== undefined) {
    const restMs = Math.min(boundMs, claim.goneMs) - nowMs;
    return restMs > 0
      ? { phase: "listening", reason: claim.reason, recheckMs: restMs, stranger: claim.source }
      : { phase: "over", because: "bound" };
  }
  if (ear.sinceMs === undefined) {
    const restMs = beganMs + DEAF_MS - nowMs;
    if (restMs <= 0) return { phase: "over", because: "deaf" };
    const reason = `this host cannot hear other hosts on ${instance.interface} yet`;
    return { phase: "listening", reason, recheckMs: Math.min(restMs, RECHECK_MS) };
  }
  const silentMs = Math.max(beganMs, ear.sinceMs) + LISTEN_MS;
  const because = silentMs > boundMs ? "bound" : "silence";
  return silentStep(instance, { endMs: Math.min(silentMs, boundMs), turnDelayMs, because }, nowMs);
}

interface Claim {
  readonly reason: string;
  /** Undefined where only an answer was heard. */
  readonly source: string | undefined;
  /** The machine is gone at this time unless it is heard again. */
  readonly goneMs: number;
  /** Whether the VIPs certainly have an owner as long as it goes on. */
  readonly isProven: boolean;
}

/** What another machine said that seems to own the VIPs. Its silence says nothing while adverts may be lost. */
function claimOfOther(
  { instance, strangers, answer }: Listening,
  { sinceMs, isHost }: Ear,
  nowMs: number,
): Claim | undefined {
  const goneMs = (atMs: number, silenceMs: number) =>
    sinceMs === undefined ? nowMs + RECHECK_MS : Math.max(atMs, sinceMs) + silenceMs;
  const ofStrangers = strangers
    .filter(({ source }) => isHost(source) !== false)
    .map((one) => ({
      source: one.source,
      reason: `${one.source} owns the virtual IPs, and this host is about to learn who it is`,
      goneMs: goneMs(one.atMs, one.goneMs - one.atMs),
      isUnknown: isHost(one.source) === undefined,
    }))
    .filter((claim) => claim.goneMs > nowMs);
  const answerGoneMs = answer === undefined ? nowMs : goneMs(answer.atMs, ANSWER_MS);
  const isAnswered = answer !== undefined && answerGoneMs > nowMs;
  const unknown = ofStrangers.find(({ isUnknown }) => isUnknown);
  if (unknown !== undefined && isAnswered && sinceMs !== undefined) {
    return { ...unknown, goneMs: Math.min(unknown.goneMs, answerGoneMs), isProven: true };
  }
  const [stranger] = ofStrangers;
  if (stranger !== undefined) return { ...stranger, isProven: false };
  if (!isAnswered) return undefined;
  const reason = `${answer.mac} answers for ${instance.firstVip.address} and sends no adverts that this host accepts`;
  return { reason, source: undefined, goneMs: answerGoneMs, isProven: false };
}

interface SilentEnd {
  /** When silence has lasted long enough, or must. */
  readonly endMs: number;
  readonly because: "silence" | "bound";
  readonly turnDelayMs: number;
}

/** The step while nothing is heard. */
function silentStep(
  { advertIntervalSeconds }: Instance,
  { endMs, turnDelayMs, because }: SilentEnd,
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
  return restMs > 0 ? { phase: "electing", recheckMs: restMs } : { phase: "over", because };
}
