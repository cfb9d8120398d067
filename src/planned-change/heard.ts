import { acceptsAdvert } from "../vrrp/accepted-advert.ts";
import type { Advert } from "../vrrp/advert.ts";
import type { Instance } from "../vrrp/instance.ts";
import { isSameGroup } from "../vrrp/same-group.ts";
import type { Listener } from "../wire/subscription.ts";
import type { Heard, Step } from "./step.ts";

export interface PlannedChange {
  to: Instance;
  formers: readonly Instance[];
  sinceMs: number;
  isHeld: boolean;
  heard: Omit<Heard, "listeningSinceMs">;
  readonly listeners: Map<string, Listener>;
  step?: Step;
  own: ReadonlySet<string>;
  /** This host owned the VIPs when it took the last step. */
  wasMaster: boolean;
}

/** @returns whether it may be a turn. */
export function takeIn(change: PlannedChange, interfaceName: string, advert: Advert, atMs: number): boolean {
  const { to, formers, heard } = change;
  if (change.own.has(advert.source)) return false;
  const isOwner = advert.priority > 0;
  if (to.interface === interfaceName && acceptsAdvert(to, advert)) {
    // an owner that sends to others alone need not know of this host
    const isForThis = to.unicast === undefined || advert.destination === to.unicast.source;
    if (!isOwner || !isForThis || heard.successorMs !== undefined) return false;
    change.heard = { ...heard, successorMs: atMs };
    return true;
  }
  if (!formers.some((former) => former.interface === interfaceName && acceptsAdvert(former, advert)))
    return false;
  const isNews = !isOwner || heard.former?.source !== advert.source || change.step?.isMinding === true;
  change.heard = isOwner
    ? { ...heard, former: { atMs, source: advert.source } }
    : { ...heard, farewellMs: atMs };
  return isNews;
}

/** Whether what was remembered was another group: it may have had another password, which was not written down. */
export function mayDiffer(former: Instance, to: Instance): boolean {
  return former.vrrpVersion === 2 || !isSameGroup(former, to);
}
