/**
 * A virtual router as RFC 9568 defines it: a VRID of one address family on one link.
 *
 * The two families are independent of each other, so one VRID may serve an IPv4 group and an IPv6 group.
 */
import { type Family, familyOf } from "../network/address.ts";
import type { Advert } from "./advert.ts";
import type { Instance } from "./instance.ts";

export interface VirtualRouter {
  readonly interface: string;
  readonly virtualRouterId: number;
  readonly family: Family;
}

export function isSameVirtualRouter(a: VirtualRouter, b: VirtualRouter): boolean {
  return a.interface === b.interface && a.virtualRouterId === b.virtualRouterId && a.family === b.family;
}

/** The virtual router that an instance takes part in. */
export function virtualRouterOf({ interface: link, virtualRouterId, firstVip }: Instance): VirtualRouter {
  return { interface: link, virtualRouterId, family: familyOf(firstVip.address) };
}

/** The virtual router that an advert, received on the interface `link`, speaks for. */
export function advertisedRouter(
  { virtualRouterId, source }: Pick<Advert, "virtualRouterId" | "source">,
  link: string,
): VirtualRouter {
  return { interface: link, virtualRouterId, family: familyOf(source) };
}
