/** What a planned change hears while one of its mends is taken out: the advert as the earlier code would have judged it. */
import { isMulticast } from "../../src/vrrp/accepted-advert.ts";
import type { Advert } from "../../src/vrrp/advert.ts";
import type { Without } from "./without.ts";

export interface ListenerBefore {
  readonly without: Without;
  /** Whether this host's keepalived sends by multicast. */
  readonly isMulticast: boolean;
  readonly ownAddress: string;
  /** Of the other members. */
  readonly memberAddresses: readonly string[];
}

/** Undefined where the earlier code did not hear it. */
export function hearAsBefore(advert: Advert, listener: ListenerBefore): Advert | undefined {
  const { without, ownAddress, memberAddresses } = listener;
  if (without.has("row14") && isMulticast(advert.destination) !== listener.isMulticast) return undefined;
  const [member] = memberAddresses;
  if (!without.has("row15") || member === undefined || memberAddresses.includes(advert.source)) return advert;
  const destination = isMulticast(advert.destination) ? advert.destination : ownAddress;
  return { ...advert, source: member, destination, ttl: 255 };
}
