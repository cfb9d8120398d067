/**
 * Listening before claiming: a group that begins on this host may own its VIPs only after this host has listened for
 * another owner.
 *
 * - An owner that keepalived backs up ends the listening: VRRP does the rest.
 * - Silence ends it after 3 s, of which keepalived itself listens during the last adverts.
 * - A host that owns the VIPs and is not a peer yet, or a machine that answers for the first VIP without an advert,
 *   makes it longer. Other machines' packets can keep the VIPs without an owner for 15 s at most.
 * - Adverts and answers together count for a day where metadata does not tell who the machine is: then the VIPs have an
 *   owner, and this host must not become a second one, whatever it remembers.
 * - Answers for the first VIP count for 5 minutes if the same machine answers for a member's address and may run VRRP, and for
 *   a day if that member says itself that it owns the VIPs. An owner whose metadata does not list this host sends it no
 *   adverts, and answers its hello.
 * - A gateway of this host names no other host. Answers of a machine that answers for addresses of nobody do not count.
 * - Another machine that has this host's address may be the same host in metadata, and begin at the same time. One of
 *   the two waits for 15 s. By then it hears the other one answer for the VIP.
 * - A host that cannot hear goes on after 10 s: then only keepalived listens. What the host heard before counts until
 *   15 s, because it cannot hear the end of it.
 * - Silence counts only while every advert is heard. So a flood that loses adverts makes the wait longer, up to 15 s.
 */
import type { Advert } from "../vrrp/advert.ts";
import type { Instance } from "../vrrp/instance.ts";
import type { AdvertMeaning } from "./advert-meaning.ts";
import { type AddressAnswer, withAnswer } from "./answers.ts";
import { type AnsweringOwner, type Backing, claimOfOther, LONGEST_LISTEN_MS } from "./claims.ts";
import { type Heard, type ListenerView, RECHECK_MS } from "./heard.ts";

/** As long as the owner needs to learn of a newcomer from metadata and to send it adverts. */
export const LISTEN_MS = 3_000;
/** The longest wait for a host whose adverts or hellos say that it owns the VIPs, and that answers for them. */
export const LONGEST_PROVEN_MS = 24 * 3_600_000;
/** Answers alone are believed no longer: a router may give them for a host that is off. */
export const LONGEST_ANSWERED_MS = 5 * 60_000;
const LONGEST_MS: Readonly<Record<Backing, number>> = {
  nothing: LONGEST_LISTEN_MS,
  answers: LONGEST_ANSWERED_MS,
  proven: LONGEST_PROVEN_MS,
};
/** A host that cannot hear waits this long. The listener is up within a second. */
export const DEAF_MS = 10_000;
/** keepalived becomes owner after three intervals without an advert, and this host must have listened before it. */
const ELECTION_ADVERTS = 3;
const SHORTEST_LISTEN_MS = LISTEN_MS / 2;
/** A stranger counts as gone after this many missing adverts. */
const STRANGER_ADVERTS = 4;
const MARGIN_MS = 50;
/** Forged senders must not cost memory. */
const MAX_STRANGERS = 16;

/** What was heard of a group since it began on this host. Times are of one monotonic clock. */
export interface Listening extends Heard {
  /** This host leaves the group to others for this much longer (`startDelayMs`). */
  readonly turnDelayMs: number;
  /** Whether an owner was heard that keepalived backs up. */
  readonly hasOwner: boolean;
  /** Since when this host hears nothing. Undefined while it hears. */
  readonly deafSinceMs: number | undefined;
  /** What backed the last claim that it heard. */
  readonly lastBacking: Backing;
}

/**
 * `listening`: this host may not own the VIPs yet. `electing`: it may, but keepalived itself still listens. `over`: it
 * no longer needs to listen.
 */
export type ListeningStep =
  | {
      readonly phase: "listening";
      readonly reason: string;
      readonly recheckMs: number;
      /** The address of a machine that sends an owner's adverts. */
      readonly stranger?: string | undefined;
      readonly owner?: AnsweringOwner | undefined;
      /** Whether the owner's hello is wanted soon. */
      readonly isLate?: boolean | undefined;
    }
  | { readonly phase: "electing"; readonly recheckMs: number }
  | { readonly phase: "over"; readonly because: "owner" | "silence" | "deaf" | "bound" };

export function beginListening(instance: Instance, turnDelayMs: number, nowMs: number): Listening {
  return {
    instance,
    beganMs: nowMs,
    turnDelayMs,
    hasOwner: false,
    strangers: [],
    answers: [],
    ownerHellos: new Map(),
    deafSinceMs: undefined,
    lastBacking: "nothing",
  };
}

/** The listening with what this host can hear now. A claim proven just before it lost its listener still counts for a while. */
export function withListener(listening: Listening, listener: ListenerView, nowMs: number): Listening {
  if (listener.sinceMs === undefined) return { ...listening, deafSinceMs: listening.deafSinceMs ?? nowMs };
  const lastBacking = claimOfOther(listening, listener, nowMs)?.backing ?? "nothing";
  return { ...listening, deafSinceMs: undefined, lastBacking };
}

/** The listening with one more advert, of which `meaningOf` says `meaning`. */
export function hearAdvert(
  listening: Listening,
  { advert, meaning }: { advert: Advert; meaning: AdvertMeaning },
  isHost: ListenerView["isHost"],
  nowMs: number,
): Listening {
  if (meaning === "owner") return { ...listening, hasOwner: true };
  const { source } = advert;
  if (meaning === "nothing" || isHost(source) === false) return listening;
  const goneMs = nowMs + STRANGER_ADVERTS * 1_000 * advert.intervalSeconds + MARGIN_MS;
  const others = listening.strangers.filter(
    (one) => one.source !== source && one.goneMs > nowMs && isHost(one.source) !== false,
  );
  if (others.length >= MAX_STRANGERS) return listening;
  return { ...listening, strangers: [...others, { source, atMs: nowMs, goneMs }] };
}

/** The listening after another machine answered for the first VIP, or for an address that this host asked for. */
export function hearAnswer(
  listening: Listening,
  answer: Pick<AddressAnswer, "address" | "mac">,
  nowMs: number,
): Listening {
  return { ...listening, answers: withAnswer(listening.answers, answer, nowMs) };
}

/** The listening after a host that was asked for said that it owns the VIPs. */
export function hearOwner(listening: Listening, address: string, nowMs: number): Listening {
  return { ...listening, ownerHellos: new Map([...listening.ownerHellos, [address, nowMs]]) };
}

/** What this host does now about a group that has begun. */
export function listeningStep(listening: Listening, listener: ListenerView, nowMs: number): ListeningStep {
  const { instance, beganMs, turnDelayMs } = listening;
  if (listening.hasOwner) return { phase: "over", because: "owner" };
  const claim = claimOfOther(listening, listener, nowMs);
  const boundMs = boundOf(listening, claim?.backing ?? "nothing");
  if (claim !== undefined) {
    const { reason, source, owner, isLate } = claim;
    const restMs = Math.min(boundMs, claim.goneMs) - nowMs;
    return restMs > 0
      ? { phase: "listening", reason, recheckMs: restMs, stranger: source, owner, isLate }
      : { phase: "over", because: "bound" };
  }
  if (listener.sinceMs === undefined) {
    const restMs = beganMs + DEAF_MS - nowMs;
    if (restMs <= 0) return { phase: "over", because: "deaf" };
    const reason = `this host cannot hear other hosts on ${instance.interface} yet`;
    return { phase: "listening", reason, recheckMs: Math.min(restMs, RECHECK_MS) };
  }
  const silentMs = Math.max(beganMs, listener.sinceMs) + LISTEN_MS;
  const because = silentMs > boundMs ? "bound" : "silence";
  return silentStep(instance, { endMs: Math.min(silentMs, boundMs), turnDelayMs, because }, nowMs);
}

/** When this host waits no longer, whatever it hears. */
function boundOf({ beganMs, deafSinceMs, lastBacking }: Listening, backing: Backing): number {
  const boundMs = beganMs + LONGEST_MS[backing];
  if (deafSinceMs === undefined) return boundMs;
  return Math.max(boundMs, Math.min(deafSinceMs + LONGEST_LISTEN_MS, beganMs + LONGEST_MS[lastBacking]));
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
    // the reason changes at the first of the two times
    const nextMs = nowMs < endMs - electionMs ? endMs - electionMs : electMs;
    return { phase: "listening", reason, recheckMs: nextMs - nowMs };
  }
  const restMs = endMs + turnDelayMs - nowMs;
  return restMs > 0 ? { phase: "electing", recheckMs: restMs } : { phase: "over", because };
}
