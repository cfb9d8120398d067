/**
 * The last word of a group's owner, as it came to the interface, and what the previous owner did by that.
 *
 * keepalived counts adverts only while its group is in the state BACKUP. An owner that ends before it counted one was heard
 * all the same: the listener hears it in every state.
 */
import type { PreviousOwner } from "../keepalived/previous-owner.ts";
import type { Advert } from "../vrrp/advert.ts";
import type { Instance } from "../vrrp/instance.ts";
import { obeysAdvert } from "../vrrp/obeyed-advert.ts";

/** `owner`: an advert as usual. `farewell`: an advert of priority 0, by which an owner releases the VIPs. */
export type LastWord = "owner" | "farewell";

/** Undefined for an advert of a host that is not the group's owner. */
export function lastWordOf(
  instance: Instance,
  advert: Advert,
  ownAddresses: ReadonlySet<string>,
): LastWord | undefined {
  if (!obeysAdvert(instance, advert, ownAddresses)) return undefined;
  return advert.priority === 0 ? "farewell" : "owner";
}

/**
 * What the previous owner did, where this host takes over from it.
 *
 * @param counted by keepalived's counters.
 * @param lastWord undefined where no owner was heard since this host was owner itself.
 */
export function previousOwnerBy(counted: PreviousOwner, lastWord: LastWord | undefined): PreviousOwner {
  if (lastWord === "farewell") return "given-up";
  return lastWord === "owner" && counted === "none-heard" ? "silent" : counted;
}
