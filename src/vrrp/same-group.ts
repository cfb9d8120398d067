import { familyOf } from "../network/address.ts";
import type { Instance } from "./instance.ts";

/** Whether two hosts with these instances are in one group. */
export function isSameGroup(a: Instance, b: Instance): boolean {
  return sharesState(a, b) && hasSameTerms(a, b) && a.unicast?.source === b.unicast?.source;
}

/** Whether this host alone changes: the group is the same, seen from another address. */
export function isMoveOfOne(from: Instance, to: Instance): boolean {
  return sharesRouter(from, to) && hasSameTerms(from, to);
}

/** Whether keepalived keeps an owner's state from one to the other: it finds an instance by VRID and interface. */
export function sharesState(a: Instance, b: Instance): boolean {
  return sharesRouter(a, b) && a.unicast?.source === b.unicast?.source;
}

function sharesRouter(a: Instance, b: Instance): boolean {
  const isUnicast = (instance: Instance) => instance.unicast !== undefined;
  return (
    a.virtualRouterId === b.virtualRouterId &&
    a.interface === b.interface &&
    isUnicast(a) === isUnicast(b) &&
    familyOf(a.firstVip.address) === familyOf(b.firstVip.address)
  );
}

/** Whether one would take the adverts of the other; a password is not known any more after a restart. */
function hasSameTerms(a: Instance, b: Instance): boolean {
  const isSamePassword = a.authPass === undefined || b.authPass === undefined || a.authPass === b.authPass;
  const isSameInterval = a.vrrpVersion === 3 || a.advertIntervalSeconds === b.advertIntervalSeconds;
  return (
    a.vrrpVersion === b.vrrpVersion &&
    a.firstVip.address === b.firstVip.address &&
    isSamePassword &&
    isSameInterval
  );
}
