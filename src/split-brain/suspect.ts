/**
 * Whether another host may own a group's VIPs beside their owner, and why: from what is on the wire and what keepalived
 * counts. A suspicion needs evidence that lasts, so that neither a failover nor a planned change raises one: for a
 * moment those look the same.
 */

import { acceptsAdvert } from "../vrrp/accepted-advert.ts";
import { vipsOf } from "../vrrp/instance.ts";
import { differenceOf, type TermCause } from "./advert-difference.ts";
import type { Claimant, Speaker, WireEvidence } from "./evidence.ts";
import { concerns, isMember, isOwnersAdvert, sharesVip, type WatchedGroup } from "./watched-group.ts";

export const SPLIT_BRAIN_CAUSES = [
  "adverts-blocked",
  "unheard",
  "two-owners",
  "address-in-use",
  "unknown-host",
  "foreign-router",
  "version",
  "transport",
  "vrid",
  "password",
  "vips",
  "interval",
  "ttl",
] as const satisfies readonly (TermCause | string)[];

export type SplitBrainCause = (typeof SPLIT_BRAIN_CAUSES)[number];

export interface Suspicion {
  readonly group: string;
  readonly cause: SplitBrainCause;
  /** Where its adverts come from; undefined for a host that is known by its MAC address alone. */
  readonly address: string | undefined;
  readonly mac: string;
  /** A sentence. */
  readonly text: string;
}

/** For so long, ms, adverts must go on: those of a failover, of a tie and of a host that is thawed do not. */
const LASTING_MS = 2_000;
/** A host may be no peer yet: it joins, and the others hear of it one after the other. */
const UNKNOWN_LASTING_MS = 3_000;
/** An owner before may have told its neighbours so a moment ago. */
const CLAIM_SETTLE_MS = 1_000;
/** Two answers, or more, have this between the first and the last. */
const CLAIM_LASTING_MS = 1_200;
/** Of one cause: whoever forges adverts can have each come from another address. */
const MOST_OF_A_CAUSE = 16;
/** VRRP's own MAC addresses (RFC 9568 section 7.3), where keepalived uses them. */
const VIRTUAL_MAC = /^00:00:5e:00:0[12]:/;

/** In the order of their addresses; of each cause those that were heard first. */
export function suspect(group: WatchedGroup, evidence: WireEvidence): Suspicion[] {
  const speakers = othersOf(group, evidence);
  const bySpeech = speakers.flatMap((speaker) => judgeSpeaker(group, speaker) ?? []);
  const suspected = [...bySpeech, ...judgeOwners(group, speakers)];
  // whoever speaks is judged by that
  const macs = new Set(speakers.map(({ mac }) => mac));
  const silent = [...evidence.claimants.values()].filter(({ mac }) => !macs.has(mac));
  const byClaim = silent.flatMap((claimant) => judgeClaimant(group, claimant) ?? []);
  const byCause = Map.groupBy([...suspected, ...byClaim], ({ cause }) => cause);
  const first = [...byCause.values()].flatMap((alike) => alike.slice(0, MOST_OF_A_CAUSE));
  return first.toSorted((a, b) => (nameOf(a) < nameOf(b) ? -1 : 1));
}

function othersOf(group: WatchedGroup, { speakers }: WireEvidence): Speaker[] {
  return [...speakers.values()].filter(
    (speaker) =>
      concerns(group, speaker) &&
      !group.ownAddresses.has(speaker.advert.source) &&
      !isOwnMac(group, speaker.mac) &&
      !group.changing.some((instance) => acceptsAdvert(instance, speaker.advert)),
  );
}

function isOwnMac({ ownMacs }: WatchedGroup, mac: string): boolean {
  return ownMacs.has(mac);
}

function judgeSpeaker(group: WatchedGroup, speaker: Speaker): Suspicion | undefined {
  const { instance } = group;
  const { advert } = speaker;
  if (isOwnersAdvert(group, speaker)) return judgeRival(group, speaker);
  if (lastedMs(speaker) < LASTING_MS) return undefined;
  const who = whoIs(speaker);
  if (isMember(instance, advert)) {
    const { cause, words } = differenceOf(instance, advert);
    return suspicion(
      group,
      speaker,
      cause,
      `${who} sends adverts of the group that this host drops: ${words}`,
    );
  }
  if (!sharesVip(instance, advert)) {
    const words = `${who} uses VRID ${advert.virtualRouterId} on ${instance.interface} for ${listOf(advert.addresses)}: another VRRP router; give one of the two another VRID`;
    return suspicion(group, speaker, "foreign-router", words);
  }
  if (lastedMs(speaker) < UNKNOWN_LASTING_MS) return undefined;
  const words = `${who} sends adverts of the VIPs and is no peer of this host: a mistake in UNICAST_PEERS, or an agent that metadata does not list`;
  return suspicion(group, speaker, "unknown-host", words);
}

/** A host that is owner by the same rules as this one, while this one is owner, too. */
function judgeRival(group: WatchedGroup, speaker: Speaker): Suspicion | undefined {
  const { instance, isMaster, sinceMs, isHearing } = group;
  const beganMs = Math.max(speaker.firstMs, sinceMs);
  if (!isMaster || speaker.lastMs - beganMs < LASTING_MS) return undefined;
  const rival = `${whoIs(speaker)} is owner, too, with priority ${speaker.advert.priority}`;
  if (isHearing === false) {
    const words = `${rival}: its adverts come to ${instance.interface}, and keepalived gets none: this host drops IP protocol 112, most often in the chain INPUT of iptables`;
    return suspicion(group, speaker, "adverts-blocked", words);
  }
  if (isHearing) {
    const words = `${rival}, and goes on though this host sends adverts with ${instance.priority}: it does not get them; protocol 112 is dropped there or on the way`;
    return suspicion(group, speaker, "unheard", words);
  }
  return suspicion(group, speaker, "two-owners", `${rival}`);
}

/** Two others that are owners at the same time, as seen from a host that is none. */
function judgeOwners(group: WatchedGroup, speakers: readonly Speaker[]): Suspicion[] {
  if (group.isMaster) return [];
  const owners = speakers
    .filter((speaker) => isOwnersAdvert(group, speaker) && lastedMs(speaker) >= LASTING_MS)
    .slice(0, MOST_OF_A_CAUSE);
  const areTogether = owners.every((a) => owners.every((b) => b.lastMs - a.firstMs >= LASTING_MS));
  if (owners.length < 2 || !areTogether) return [];
  const all = owners.map(whoIs).toSorted().join(" and ");
  return owners.map((owner) => suspicion(group, owner, "two-owners", `${all} send adverts as owners`));
}

function judgeClaimant(group: WatchedGroup, claimant: Claimant): Suspicion | undefined {
  const { instance, isMaster, sinceMs } = group;
  const { address, mac, firstMs, lastMs } = claimant;
  const isOurs = vipsOf(instance).includes(address) && claimant.interface === instance.interface;
  if (!isMaster || !isOurs || isOwnMac(group, mac) || VIRTUAL_MAC.test(mac)) return undefined;
  if (lastMs - Math.max(firstMs, sinceMs + CLAIM_SETTLE_MS) < CLAIM_LASTING_MS) return undefined;
  return {
    group: instance.name,
    cause: "address-in-use",
    address: undefined,
    mac,
    text: `${mac} answers for ${address} on ${instance.interface}: a host there has it, without VRRP or out of earshot`,
  };
}

function suspicion(group: WatchedGroup, speaker: Speaker, cause: SplitBrainCause, text: string): Suspicion {
  return { group: group.instance.name, cause, address: speaker.advert.source, mac: speaker.mac, text };
}

function lastedMs({ firstMs, lastMs }: Speaker): number {
  return lastMs - firstMs;
}

function whoIs({ advert, mac }: Speaker): string {
  return `${advert.source} (${mac})`;
}

function listOf(addresses: readonly string[]): string {
  const shown = addresses.slice(0, 3).join(", ") || "no address";
  return addresses.length > 3 ? `${shown} and ${addresses.length - 3} more` : shown;
}

function nameOf({ address, mac, cause }: Suspicion): string {
  return `${address ?? ""} ${mac} ${cause}`;
}

/** Another host may own the VIPs of a group, too. */
export interface SplitBrainStatus extends Suspicion {
  /** ISO 8601, when it was first suspected. */
  readonly since: string;
}
