/** Why this host drops a peer's advert. Hosts that drop each other's adverts become owners of the same VIPs. */
import { acceptsInterval, acceptsPassword, isMulticast } from "./accepted-advert.ts";
import type { Advert } from "./advert.ts";
import type { DifferenceCause } from "./difference-hints.ts";
import type { Instance } from "./instance.ts";

export interface AdvertDifference {
  readonly cause: DifferenceCause;
  /** The difference in words. It never contains a password. */
  readonly text: string;
}

/** The first difference, in the order in which keepalived checks them. The TTL, if it finds no other. */
export function firstDifference(instance: Instance, advert: Advert): AdvertDifference {
  const vip = instance.firstVip.address;
  const transport = transportName(instance.unicast === undefined);
  const advertTransport = transportName(isMulticast(advert.destination));
  if (advert.version !== instance.vrrpVersion)
    return {
      cause: "version",
      text: `they use VRRPv${advert.version}, this host uses VRRPv${instance.vrrpVersion}`,
    };
  if (advertTransport !== transport)
    return {
      cause: "transport",
      text: `they are sent by ${advertTransport}, this host uses ${transport}`,
    };
  if (advert.virtualRouterId !== instance.virtualRouterId)
    return {
      cause: "vrid",
      text: `their VRID is ${advert.virtualRouterId}, this host has ${instance.virtualRouterId}`,
    };
  if (!acceptsPassword(instance, advert)) return { cause: "password", text: "their password differs" };
  if (advert.addresses.length !== 1 || advert.addresses[0] !== vip)
    return {
      cause: "vips",
      text: `they advertise ${advert.addresses.join(", ") || "no VIP"}, this host has ${vip}`,
    };
  if (!acceptsInterval(instance, advert))
    return {
      cause: "interval",
      text: `their interval is ${advert.intervalSeconds} s, this host has ${instance.advertIntervalSeconds} s`,
    };
  return { cause: "ttl", text: `their TTL is ${advert.ttl} instead of 255: a router forwarded them` };
}

function transportName(isMulticasting: boolean): "multicast" | "unicast" {
  return isMulticasting ? "multicast" : "unicast";
}
