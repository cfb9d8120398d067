/** In what an advert of a member is not as its hosts want it: those drop it, each takes itself for the only owner. */

import { acceptsInterval, acceptsPassword, isMulticast } from "../vrrp/accepted-advert.ts";
import type { Advert } from "../vrrp/advert.ts";
import type { Instance } from "../vrrp/instance.ts";

export type TermCause = "version" | "transport" | "vrid" | "password" | "vips" | "interval" | "ttl";

export interface Difference {
  readonly cause: TermCause;
  readonly words: string;
}

/** The first difference, in the order in which keepalived looks; a password is never told. */
export function differenceOf(instance: Instance, advert: Advert): Difference {
  const here = { transport: transportOf(instance.unicast === undefined), vip: instance.firstVip.address };
  const there = transportOf(isMulticast(advert.destination));
  if (advert.version !== instance.vrrpVersion)
    return {
      cause: "version",
      words: `they are of VRRPv${advert.version}, this host has ${instance.vrrpVersion}`,
    };
  if (there !== here.transport)
    return { cause: "transport", words: `they come by ${there}, this host has ${here.transport}` };
  if (advert.virtualRouterId !== instance.virtualRouterId)
    return {
      cause: "vrid",
      words: `their VRID is ${advert.virtualRouterId}, this host has ${instance.virtualRouterId}`,
    };
  if (!acceptsPassword(instance, advert))
    return { cause: "password", words: "their password is another one" };
  if (advert.addresses.length !== 1 || advert.addresses[0] !== here.vip)
    return {
      cause: "vips",
      words: `their VIPs are ${advert.addresses.join(", ") || "none"}, this host has ${here.vip}`,
    };
  if (!acceptsInterval(instance, advert))
    return {
      cause: "interval",
      words: `their interval is ${advert.intervalSeconds} s, this host has ${instance.advertIntervalSeconds} s`,
    };
  return { cause: "ttl", words: `their TTL is ${advert.ttl} and not 255: a router is in between` };
}

function transportOf(isMulticasting: boolean): "multicast" | "unicast" {
  return isMulticasting ? "multicast" : "unicast";
}
