/** Finds out from its adverts what another member runs of a group. It may own the VIPs in a group that this host does not know. */
import { familyOf } from "../network/address.ts";
import { acceptsAdvert, isMulticast } from "../vrrp/accepted-advert.ts";
import type { Advert } from "../vrrp/advert.ts";
import type { Instance } from "../vrrp/instance.ts";
import { advertisesVip, type Hearing, isFromMember } from "../vrrp/obeyed-advert.ts";

/** What this host knows of a group when it hears an advert. */
export interface KnownGroup {
  readonly to: Instance;
  /** What other hosts may still run of it. */
  readonly formerGroups: readonly Instance[];
  /** What its other groups are and were. */
  readonly otherGroups: readonly Instance[];
  readonly hearing: Hearing;
}

/**
 * The group as the sender of the advert runs it. Undefined if the sender is not a member that owns VIPs, or runs the group
 * as this host does.
 *
 * A group that a known member announces, and that this host does not have, counts as well: after a change of the first VIP
 * nothing in an advert needs to be as before. All members have the same groups, so it can only be a group that changes. An
 * advert that names a VIP of another group belongs only to that group.
 *
 * @param link the interface that received the advert.
 */
export function formerGroupFrom(known: KnownGroup, link: string, advert: Advert): Instance | undefined {
  const { to, formerGroups, otherGroups, hearing } = known;
  const [address, ...others] = advert.addresses;
  if (!isFromMember([to], advert, hearing) || advert.priority === 0) return undefined;
  if (address === undefined || others.length > 0) return undefined;
  if (familyOf(address) !== familyOf(to.firstVip.address)) return undefined;
  const isKnown = [to, ...otherGroups].some((one) => one.interface === link && acceptsAdvert(one, advert));
  if (isKnown) return undefined;
  const namesVip = (one: Instance) => advertisesVip(one, advert);
  if (otherGroups.some(namesVip) && ![to, ...formerGroups].some(namesVip)) return undefined;
  return {
    ...to,
    interface: link,
    vrrpVersion: advert.version,
    virtualRouterId: advert.virtualRouterId,
    firstVip: { address, prefix: to.firstVip.prefix },
    advertIntervalSeconds: advert.intervalSeconds,
    unicast: unicastOf(to, advert),
    authPass: undefined,
  };
}

function unicastOf(to: Instance, { source, destination }: Advert): Instance["unicast"] {
  if (isMulticast(destination)) return undefined;
  return to.unicast ?? { source: destination, peers: [source], isAlone: false };
}
