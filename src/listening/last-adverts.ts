/**
 * The last advert of each group's owner on the interface, and what the previous owner did, judged by it.
 *
 * keepalived counts adverts only while its group is in the state BACKUP. An owner may end before keepalived counted one
 * of its adverts. The listener hears it in every state.
 */
import type { PreviousOwner } from "../keepalived/previous-owner.ts";
import { retainNames } from "../text/by-name.ts";
import type { Advert } from "../vrrp/advert.ts";
import type { Instance } from "../vrrp/instance.ts";
import { obeysAdvert } from "../vrrp/obeyed-advert.ts";
import { meaningOf } from "./advert-meaning.ts";

/** An owner sends adverts at least this often, with VRRPv2 one a second. */
const PRESENT_MS = 1_500;

/** Times are of one monotonic clock. */
export interface LastAdverts {
  /** Takes each advert on the interface of the instance. */
  note(instance: Instance, advert: Advert, ownAddresses: ReadonlySet<string>, nowMs: number): void;
  /** What the previous owner did, now that this host took over. `counted` is what keepalived's counters say. */
  previousOwner(group: string, counted: PreviousOwner): PreviousOwner;
  /** The address of a host that owns the VIPs by its adverts, which this host drops because that host is not a peer. */
  strangerOf(group: string, nowMs: number): string | undefined;
  /** Forgets all other groups. */
  retainGroups(groups: ReadonlySet<string>): void;
}

export function createLastAdverts(): LastAdverts {
  /** Since this host was owner itself. `release` is an advert of priority 0, by which an owner releases the VIPs. */
  const ofOwners = new Map<string, "owner" | "release">();
  const ofStrangers = new Map<string, { readonly address: string; readonly atMs: number }>();
  return {
    note: (instance, advert, ownAddresses, nowMs) => {
      const { name: group, unicast } = instance;
      if (obeysAdvert(instance, advert, ownAddresses))
        ofOwners.set(group, advert.priority === 0 ? "release" : "owner");
      else if (unicast?.peers.includes(advert.source) || unicast === undefined) return;
      else if (meaningOf(instance, advert, ownAddresses) === "stranger")
        ofStrangers.set(group, { address: advert.source, atMs: nowMs });
    },
    previousOwner: (group, counted) => {
      const lastAdvert = ofOwners.get(group);
      ofOwners.delete(group);
      if (lastAdvert === "release") return "given-up";
      return lastAdvert === "owner" && counted === "none-heard" ? "silent" : counted;
    },
    strangerOf: (group, nowMs) => {
      const last = ofStrangers.get(group);
      return last !== undefined && nowMs - last.atMs < PRESENT_MS ? last.address : undefined;
    },
    retainGroups: (groups) => {
      retainNames(ofOwners, groups);
      retainNames(ofStrangers, groups);
    },
  };
}
