/**
 * Decides whether another host may own a group's VIPs besides their owner, and why. The evidence is what is heard on the wire,
 * and what keepalived counts. A suspicion needs evidence that lasts, because a failover and a planned change look the same
 * for a moment.
 */

import { type HostNameOf, hostText } from "../text/host-text.ts";
import { acceptsAdvert } from "../vrrp/accepted-advert.ts";
import { firstDifference } from "../vrrp/advert-difference.ts";
import { vipsOf } from "../vrrp/instance.ts";
import { advertisesVip } from "../vrrp/obeyed-advert.ts";
import { SPLIT_BRAIN_HINTS, type SplitBrainCause } from "./causes.ts";
import type { AdvertSender, Claimant, Seen, WireEvidence } from "./evidence.ts";
import { isForeignMac, isOwnerAdvert, isPeerAdvert, isRelated, type WatchedGroup } from "./watched-group.ts";

export interface Suspicion {
  readonly group: string;
  readonly cause: SplitBrainCause;
  /** The source of its adverts. Undefined for a host of which only the MAC address is known. */
  readonly address: string | undefined;
  readonly mac: string;
  /** What is seen, as a sentence. */
  readonly text: string;
  /** The operator's next step. */
  readonly hint: string;
}

/** A suspicion in the status. */
export interface SplitBrainStatus extends Suspicion {
  /** ISO 8601, when it was first suspected. */
  readonly since: string;
}

/** Two suspicions with equal keys are one that lasts. */
export function suspicionKey({ group, cause, address, mac }: Suspicion): string {
  return JSON.stringify([group, cause, address, mac]);
}

/** Adverts must go on for this long. Those of a failover, a tie or a host that is thawed end sooner. */
const LASTING_MS = 2_000;
/** The same for a host that is not a peer: it may be joining, and the others learn of it one after the other. */
const UNKNOWN_LASTING_MS = 3_000;
/** Claims of the previous owner may arrive for this long after this host became owner. */
const PREVIOUS_OWNER_MS = 1_000;
/** A claimant must go on for this long, which takes two answers or more. */
const CLAIM_LASTING_MS = 1_200;
/**
 * A planned change explains another group's adverts for this long. Hosts learn of it within 10 s of each other, and the
 * owner changes 12 s later. A difference that lasts longer is a mistake in the settings of a host.
 */
const CHANGE_MS = 30_000;
/** The limit of suspicions for one cause: forged adverts can come from any number of addresses. */
const MAX_PER_CAUSE = 16;

/** The suspicions of a group in the order of their addresses. For each cause it gives the hosts that were heard first. */
export function deriveSuspicions(
  group: WatchedGroup,
  evidence: WireEvidence,
  nameOf: HostNameOf = () => undefined,
): Suspicion[] {
  const senders = otherSenders(group, evidence);
  const bySender = senders.flatMap((sender) => judgeSender(group, sender, nameOf) ?? []);
  const byOwners = judgeOtherOwners(group, senders, nameOf);
  // a host that sends adverts is judged by them alone
  const senderMacs = new Set(senders.map(({ mac }) => mac));
  const claimants = [...evidence.claimants.values()].filter(({ mac }) => !senderMacs.has(mac));
  const byClaim = claimants.flatMap(
    (claimant) => judgeClaimant(group, claimant) ?? judgeTwinClaimant(group, claimant, nameOf) ?? [],
  );
  const byCause = Map.groupBy([...bySender, ...byOwners, ...byClaim], ({ cause }) => cause);
  const limited = [...byCause.values()].flatMap((suspicions) => suspicions.slice(0, MAX_PER_CAUSE));
  return limited.toSorted((a, b) => (sortKey(a) < sortKey(b) ? -1 : 1));
}

/** Other hosts whose adverts concern the group and are not part of a planned change. */
function otherSenders(group: WatchedGroup, { senders }: WireEvidence): AdvertSender[] {
  return [...senders.values()].filter(
    (sender) =>
      isRelated(group, sender) && !group.ownAddresses.has(sender.advert.source) && !isOfChange(group, sender),
  );
}

/** Whether the sender is a host that has not changed yet, or that has changed earlier. */
function isOfChange({ changing, changingSinceMs }: WatchedGroup, { advert, firstMs, lastMs }: AdvertSender) {
  if (lastMs - Math.max(firstMs, changingSinceMs) >= CHANGE_MS) return false;
  return changing.some((instance) => acceptsAdvert(instance, advert));
}

function judgeSender(group: WatchedGroup, sender: AdvertSender, nameOf: HostNameOf): Suspicion | undefined {
  const { instance } = group;
  const { advert } = sender;
  if (sender.mac === group.mac)
    return judgeTwin(group, sender, hostText(advert.source, nameOf(advert.source)), advert.source);
  if (isOwnerAdvert(group, advert)) return judgeRival(group, sender, nameOf);
  if (durationMs(sender) < LASTING_MS) return undefined;
  const host = describeHost(sender, nameOf);
  if (isPeerAdvert(instance, advert)) {
    const { cause, text } = firstDifference(instance, advert);
    return suspicionOf(
      group,
      sender,
      cause,
      `${host} sends adverts of the group that this host drops: ${text}`,
    );
  }
  if (!advertisesVip(instance, advert)) {
    const text = `${host} uses VRID ${advert.virtualRouterId} on ${instance.interface} for ${listOf(advert.addresses)}: another VRRP router`;
    return suspicionOf(group, sender, "foreign-router", text);
  }
  if (durationMs(sender) < UNKNOWN_LASTING_MS) return undefined;
  const text = `${host} advertises the VIPs and is not a peer of this host`;
  return suspicionOf(group, sender, "unknown-host", text);
}

/** Judges a host that sends adverts as the owner while this host is the owner. */
function judgeRival(group: WatchedGroup, sender: AdvertSender, nameOf: HostNameOf): Suspicion | undefined {
  const { instance, isOwner, sinceMs, isReceiving } = group;
  const beganMs = Math.max(sender.firstMs, sinceMs);
  if (!isOwner || sender.lastMs - beganMs < LASTING_MS) return undefined;
  const rival = `${describeHost(sender, nameOf)} is owner, too, with priority ${sender.advert.priority}`;
  if (isReceiving === undefined) return suspicionOf(group, sender, "two-owners", rival);
  if (!isReceiving) {
    const text = `${rival}: its adverts reach ${instance.interface}, but keepalived receives none; this host drops IP protocol 112`;
    return suspicionOf(group, sender, "adverts-blocked", text);
  }
  const text = `${rival}, and does not receive this host's adverts, which have ${instance.priority}: IP protocol 112 is dropped there or on the way`;
  return suspicionOf(group, sender, "unheard", text);
}

/** Judges two other hosts that are owners at the same time, while this host is not. */
function judgeOtherOwners(
  group: WatchedGroup,
  senders: readonly AdvertSender[],
  nameOf: HostNameOf,
): Suspicion[] {
  if (group.isOwner) return [];
  const owners = senders
    .filter((sender) => isOwnerAdvert(group, sender.advert) && durationMs(sender) >= LASTING_MS)
    .slice(0, MAX_PER_CAUSE);
  const areTogether = owners.every((a) => owners.every((b) => b.lastMs - a.firstMs >= LASTING_MS));
  if (owners.length < 2 || !areTogether) return [];
  const hosts = owners
    .map((owner) => describeHost(owner, nameOf))
    .toSorted()
    .join(" and ");
  return owners.map((owner) => suspicionOf(group, owner, "two-owners", `${hosts} send adverts as owners`));
}

function judgeClaimant(group: WatchedGroup, claimant: Claimant): Suspicion | undefined {
  const { instance, isOwner, sinceMs } = group;
  const { address, mac, firstMs, lastMs } = claimant;
  const isOurVip = vipsOf(instance).includes(address) && claimant.interface === instance.interface;
  if (!isOwner || !isOurVip || !isForeignMac(group, mac)) return undefined;
  if (lastMs - Math.max(firstMs, sinceMs + PREVIOUS_OWNER_MS) < CLAIM_LASTING_MS) return undefined;
  return {
    group: instance.name,
    cause: "address-in-use",
    address: undefined,
    mac,
    text: `${mac} answers for ${address} on ${instance.interface}: a host has the address without VRRP, or its adverts do not arrive here`,
    hint: SPLIT_BRAIN_HINTS["address-in-use"],
  };
}

/**
 * A machine that asks for its neighbours with a peer's address and this host's own MAC. This host hears none of its own
 * packets, and a loop in the network would bring back packets with its own address.
 */
function judgeTwinClaimant(
  group: WatchedGroup,
  claimant: Claimant,
  nameOf: HostNameOf,
): Suspicion | undefined {
  const { instance, mac, ownAddresses } = group;
  const isPeer = instance.unicast?.peers.includes(claimant.address) && !ownAddresses.has(claimant.address);
  const isHere = claimant.interface === instance.interface && claimant.mac === mac;
  if (!isPeer || !isHere) return undefined;
  return judgeTwin(group, claimant, hostText(claimant.address, nameOf(claimant.address)), claimant.address);
}

function judgeTwin(
  { instance }: WatchedGroup,
  { mac, firstMs, lastMs }: Seen,
  host: string,
  address: string,
): Suspicion | undefined {
  if (lastMs - firstMs < LASTING_MS) return undefined;
  const text = `${host} has the MAC address ${mac}, the same as ${instance.interface} on this host: the network delivers to only one of the two`;
  return { group: instance.name, cause: "same-mac", address, mac, text, hint: SPLIT_BRAIN_HINTS["same-mac"] };
}

function suspicionOf(
  group: WatchedGroup,
  { advert, mac }: AdvertSender,
  cause: SplitBrainCause,
  text: string,
): Suspicion {
  const hint = SPLIT_BRAIN_HINTS[cause];
  return { group: group.instance.name, cause, address: advert.source, mac, text, hint };
}

function durationMs({ firstMs, lastMs }: AdvertSender): number {
  return lastMs - firstMs;
}

/** `node-2 (192.0.2.12, 02:00:00:00:00:12)`, without the name where metadata does not list the address. */
function describeHost({ advert, mac }: AdvertSender, nameOf: HostNameOf): string {
  return hostText(advert.source, nameOf(advert.source), mac);
}

function listOf(addresses: readonly string[]): string {
  const shown = addresses.slice(0, 3).join(", ") || "no address";
  return addresses.length > 3 ? `${shown} and ${addresses.length - 3} more` : shown;
}

function sortKey({ address, mac, cause }: Suspicion): string {
  return `${address ?? ""} ${mac} ${cause}`;
}
