/** What was heard on the wire of others that may own this host's VIPs: who, since when, and when last. */

import type { Advert } from "../vrrp/advert.ts";
import type { AddressClaim } from "../wire/address-claim.ts";
import type { WireFrame } from "../wire/frame.ts";

/** Times in ms of any monotonic clock. */
interface Heard {
  readonly interface: string;
  readonly mac: string;
  readonly firstMs: number;
  readonly lastMs: number;
}

/** A host that sends adverts as an owner. */
export interface Speaker extends Heard {
  readonly advert: Advert;
}

/** A host that says that an address is its own. */
export interface Claimant extends Heard {
  readonly address: string;
}

export interface WireEvidence {
  readonly speakers: ReadonlyMap<string, Speaker>;
  readonly claimants: ReadonlyMap<string, Claimant>;
}

export const NO_EVIDENCE: WireEvidence = { speakers: new Map(), claimants: new Map() };

/** Whoever asks asks every 1.5 s, and an answer may be lost. */
const CLAIM_GONE_MS = 4_000;
/** Adverts may be lost, and are told up to 0.25 s late. */
const SPEAKER_MARGIN_MS = 1_500;
/** A sender says itself how seldom it speaks: nobody is remembered for longer, ms. */
const LONGEST_SILENCE_MS = 30_000;
/** In a flood of addresses nothing more is taken in, and of one card no more than an owner of all 255 groups sends. */
const MOST = 1_000;
const MOST_OF_A_CARD = 300;

/** With one more frame. */
export function withFrame(evidence: WireEvidence, frame: WireFrame, nowMs: number): WireEvidence {
  const present = withoutGone(evidence, nowMs);
  const { advert, claim } = frame;
  if (claim !== undefined)
    return { ...present, claimants: withClaim(present.claimants, frame, claim, nowMs) };
  return advert === undefined
    ? present
    : { ...present, speakers: withAdvert(present.speakers, frame, advert, nowMs) };
}

/** Without those that fell silent. */
export function withoutGone({ speakers, claimants }: WireEvidence, nowMs: number): WireEvidence {
  return {
    speakers: new Map([...speakers].filter(([, speaker]) => nowMs - speaker.lastMs <= goneMs(speaker))),
    claimants: new Map([...claimants].filter(([, { lastMs }]) => nowMs - lastMs <= CLAIM_GONE_MS)),
  };
}

function goneMs({ advert }: Speaker): number {
  return Math.min(3_000 * advert.intervalSeconds + SPEAKER_MARGIN_MS, LONGEST_SILENCE_MS);
}

function withClaim(
  claimants: WireEvidence["claimants"],
  frame: WireFrame,
  { address, mac }: AddressClaim,
  nowMs: number,
) {
  const key = `${frame.interface} ${address} ${mac}`;
  const firstMs = claimants.get(key)?.firstMs ?? nowMs;
  return withEntry(claimants, key, { interface: frame.interface, address, mac, firstMs, lastMs: nowMs });
}

/** A host that gives up, with priority 0, is gone at once. */
function withAdvert(speakers: WireEvidence["speakers"], frame: WireFrame, advert: Advert, nowMs: number) {
  const { interface: name, mac } = frame;
  const { source, virtualRouterId, priority: _priority, ...terms } = advert;
  const key = JSON.stringify([name, source, virtualRouterId, terms]);
  if (advert.priority > 0) {
    const firstMs = speakers.get(key)?.firstMs ?? nowMs;
    return withEntry(speakers, key, { interface: name, mac, advert, firstMs, lastMs: nowMs });
  }
  const isItsOwn = (speaker: Speaker) =>
    speaker.advert.source === source && speaker.advert.virtualRouterId === virtualRouterId;
  return new Map([...speakers].filter(([, speaker]) => !isItsOwn(speaker)));
}

function withEntry<T extends Heard>(
  known: ReadonlyMap<string, T>,
  key: string,
  value: T,
): ReadonlyMap<string, T> {
  const hasRoom = () =>
    known.size < MOST && [...known.values()].filter(({ mac }) => mac === value.mac).length < MOST_OF_A_CARD;
  return known.has(key) || hasRoom() ? new Map([...known, [key, value]]) : known;
}
