/**
 * Holds a group back that begins while keepalived runs. keepalived's startup delay is over then, so it could take a VIP
 * whose owner it does not hear yet: neighbours that could not resolve its address ask again only once a second.
 */
import type { Instance } from "../vrrp/instance.ts";

/** keepalived announces its address when it leaves FAULT; after this time the adverts of an owner arrive. */
const HOLD_MS = 1_000;

/** Holds a group back for the reason given; undefined ends it. */
export type HoldLateStart = (group: string, reason: string | undefined, by: "start") => void;

/** Holds such groups back. @returns to be called once they are in force or failed: it allows them to own VIPs 1 s later. */
export function holdLateStarts(
  desired: readonly Instance[],
  inForce: readonly Instance[],
  hold: HoldLateStart,
): () => void {
  if (inForce.length === 0) return () => undefined;
  const late = desired
    .filter(({ unicast }) => unicast?.isAlone === false)
    .filter((each) => isNew(each, inForce));
  for (const { name } of late) hold(name, "the group has only just begun on this host", "start");
  return () => {
    for (const { name } of late) setTimeout(() => hold(name, undefined, "start"), HOLD_MS).unref();
  };
}

/** keepalived keeps the state of a group that is only renamed. */
function isNew({ name, firstVip }: Instance, inForce: readonly Instance[]): boolean {
  return inForce.every((other) => other.name !== name && other.firstVip.address !== firstVip.address);
}
