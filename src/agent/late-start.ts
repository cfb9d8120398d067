/**
 * Groups that begin while keepalived runs already: its startup delay is over, so nothing keeps a host from taking a VIP
 * whose owner it does not hear yet. Neighbours that asked for its address in vain ask again only once a second.
 */

import type { HealthOfGroups } from "../health/io/health.ts";
import type { Instance } from "../vrrp/instance.ts";

/** keepalived tells its neighbours of its address as it leaves FAULT; then adverts come as often as they do. */
const HOLD_MS = 1_000;

/** Holds such groups back. @returns to be called when they are in force, or are not to be: lets them go, a moment later. */
export function holdLateStarts(
  desired: readonly Instance[],
  inForce: readonly Instance[],
  health: HealthOfGroups,
): () => void {
  if (inForce.length === 0) return () => undefined;
  const late = desired
    .filter(({ unicast }) => unicast?.isAlone === false)
    .filter((each) => isNew(each, inForce));
  for (const { name } of late) health.hold(name, "the group has only just begun on this host", "start");
  return () => {
    for (const { name } of late) setTimeout(() => health.hold(name, undefined, "start"), HOLD_MS).unref();
  };
}

/** keepalived keeps the state of a group that is only renamed. */
function isNew({ name, firstVip }: Instance, inForce: readonly Instance[]): boolean {
  return inForce.every((other) => other.name !== name && other.firstVip.address !== firstVip.address);
}
