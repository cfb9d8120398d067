/** A planned change as one host sees it when it decides. */
import type { AdvertDifference } from "../vrrp/advert-difference.ts";
import type { Instance } from "../vrrp/instance.ts";
import { isSameButForSource } from "../vrrp/same-group.ts";
import { PROPAGATION_MS } from "./waits.ts";

export interface FormerOwner {
  readonly atMs: number;
  readonly source: string;
  /** The interval that its adverts name. With VRRPv3 it may differ from this host's own. */
  readonly intervalMs: number;
  /** How its adverts differ from the group as this host wants it. Undefined if they come from another interface. */
  readonly difference?: AdvertDifference | undefined;
}

/** What is heard of a group while it changes. Times are of one monotonic clock. */
export interface HeardAdverts {
  /** Since when every advert is heard. Undefined while this host does not listen. */
  readonly listeningSinceMs: number | undefined;
  /** Up to when every advert is heard. Later silence proves nothing yet: the listener may hang. Undefined where it is up to now. */
  readonly heardUntilMs?: number | undefined;
  /** The last advert of another host that owns the VIPs in the former group. */
  readonly formerOwner?: FormerOwner;
  /** When another machine last answered for a VIP that both the former groups and the new one have. */
  readonly answeredMs?: number;
  /** When an owner of the former group, this host or another one, last released the VIPs. */
  readonly releasedMs?: number;
  /** The other owner to which this host gave way, as that one may have done to this host. */
  readonly gaveWayTo?: string | undefined;
  /** The first advert of another host that owns the VIPs in the new group. */
  readonly newOwnerMs?: number;
}

export interface ChangeState {
  /** What keepalived of this host runs. */
  readonly from: Instance;
  /** What keepalived shall run at the end. */
  readonly to: Instance;
  /** What other hosts may still run. Never empty. */
  readonly formerGroups: readonly Instance[];
  readonly isOwner: boolean;
  /** Whether this host is held back now. */
  readonly isHeld: boolean;
  /** Since when this host does not listen. Undefined while it does. */
  readonly deafSinceMs?: number | undefined;
  /** Whether this host can ask who has a VIP of both the former groups and the new one. */
  readonly canAsk?: boolean;
  /** Whether the interface and the source of `from` still exist. */
  readonly canStay: boolean;
  /** When the change became known here or, if that is later, when the other hosts could first learn of it. */
  readonly sinceMs: number;
  /** When the source of `to` became known here or, if that is later, when the other hosts could first learn of it. */
  readonly sourceSinceMs: number;
  /** The address that this host sends from in the group of `to`, as far as it knows. */
  readonly source?: string | undefined;
  /** The addresses of this host now. */
  readonly ownAddresses: ReadonlySet<string>;
  readonly heard: HeardAdverts;
}

/** Whether the group stays the same, and only this host sends from another source. */
export function isSourceChange({ formerGroups, to }: ChangeState): boolean {
  return to.unicast?.isAlone === false && formerGroups.every((former) => isSameButForSource(former, to));
}

/**
 * How long an owner may still send to an address that is not this host's source any more. Until then its silence here says
 * nothing, whatever else of the group changed. 0 if this host hears what is sent to each of its former sources: it has the
 * address, on another interface.
 */
export function remainingUnknownSourceMs(
  { formerGroups, to, ownAddresses, sourceSinceMs }: ChangeState,
  nowMs: number,
): number {
  if (to.unicast?.isAlone !== false) return 0;
  const { source } = to.unicast;
  const isUnheard = ({ unicast, interface: link }: Instance): boolean =>
    unicast !== undefined &&
    unicast.source !== source &&
    (link === to.interface || !ownAddresses.has(unicast.source));
  return formerGroups.some(isUnheard) ? Math.max(0, sourceSinceMs + PROPAGATION_MS - nowMs) : 0;
}
