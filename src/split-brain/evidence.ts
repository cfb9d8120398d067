/**
 * What was heard on the wire from other hosts that may own this host's VIPs: which hosts, since when, and when last.
 */

import type { Advert } from "../vrrp/advert.ts";
import type { AddressClaim } from "../wire/address-claim.ts";
import type { WireFrame } from "../wire/frame.ts";

/** Times are of one monotonic clock. */
export interface Seen {
  readonly interface: string;
  readonly mac: string;
  readonly firstMs: number;
  readonly lastMs: number;
}

/** A host that sends adverts as an owner. */
export interface AdvertSender extends Seen {
  readonly advert: Advert;
}

/** A host that says that an address is its own. */
export interface Claimant extends Seen {
  readonly address: string;
}

export interface WireEvidence {
  readonly senders: ReadonlyMap<string, AdvertSender>;
  readonly claimants: ReadonlyMap<string, Claimant>;
}

export const NO_EVIDENCE: WireEvidence = { senders: new Map(), claimants: new Map() };

/**
 * A claimant that is silent for longer is gone. One that has a VIP is asked every 0.25 s; a machine with this host's MAC asks
 * for its neighbours every second.
 */
const CLAIM_GONE_MS = 1_600;
/** Added to three intervals of a sender until it is gone: adverts may be lost, and are reported up to 0.25 s late. */
const SENDER_MARGIN_MS = 1_500;
/** No sender is kept for longer, whatever interval its adverts name. */
const MAX_SILENCE_MS = 30_000;
/** Limits for a flood of forged frames. An owner of all 255 groups stays below the limit of one MAC address. */
const MAX_ENTRIES = 1_000;
const MAX_ENTRIES_PER_MAC = 300;

/** The evidence with one more frame. */
export function withFrame(evidence: WireEvidence, frame: WireFrame, nowMs: number): WireEvidence {
  const present = withoutSilent(evidence, nowMs);
  const { advert, claim } = frame;
  if (claim !== undefined)
    return { ...present, claimants: withClaim(present.claimants, frame, claim, nowMs) };
  return advert === undefined
    ? present
    : { ...present, senders: withAdvert(present.senders, frame, advert, nowMs) };
}

/** The evidence without the hosts that have fallen silent. */
export function withoutSilent({ senders, claimants }: WireEvidence, nowMs: number): WireEvidence {
  return {
    senders: new Map([...senders].filter(([, sender]) => nowMs - sender.lastMs <= senderGoneMs(sender))),
    claimants: new Map([...claimants].filter(([, { lastMs }]) => nowMs - lastMs <= CLAIM_GONE_MS)),
  };
}

function senderGoneMs({ advert }: AdvertSender): number {
  return Math.min(3_000 * advert.intervalSeconds + SENDER_MARGIN_MS, MAX_SILENCE_MS);
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

/** An advert with priority 0 removes its sender: that owner has released the VIPs. */
function withAdvert(senders: WireEvidence["senders"], frame: WireFrame, advert: Advert, nowMs: number) {
  const { interface: link, mac } = frame;
  const { source, virtualRouterId, priority: _priority, ...terms } = advert;
  const key = JSON.stringify([link, source, virtualRouterId, terms]);
  if (advert.priority > 0) {
    const firstMs = senders.get(key)?.firstMs ?? nowMs;
    return withEntry(senders, key, { interface: link, mac, advert, firstMs, lastMs: nowMs });
  }
  const isReleased = (sender: AdvertSender) =>
    sender.advert.source === source && sender.advert.virtualRouterId === virtualRouterId;
  return new Map([...senders].filter(([, sender]) => !isReleased(sender)));
}

function withEntry<T extends Seen>(
  entries: ReadonlyMap<string, T>,
  key: string,
  entry: T,
): ReadonlyMap<string, T> {
  const hasRoom = () =>
    entries.size < MAX_ENTRIES &&
    [...entries.values()].filter(({ mac }) => mac === entry.mac).length < MAX_ENTRIES_PER_MAC;
  return entries.has(key) || hasRoom() ? new Map([...entries, [key, entry]]) : entries;
}
