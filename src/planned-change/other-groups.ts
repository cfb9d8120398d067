/**
 * What each group of this host is, was and will be. An advert of one group must never count as an advert of the former owner
 * of another one: groups that change together would hold each other.
 */
import type { Desired, Instance } from "../vrrp/instance.ts";
import type { PlannedChange } from "./planned-change.ts";
import { predecessorOf } from "./predecessor.ts";

/** The states of each group, by its wanted name, or by its former name if it is no longer wanted. */
export type GroupStates = ReadonlyMap<string, readonly Instance[]>;

/**
 * The states of all groups before a step.
 *
 * While a change is under way, a group that is no longer wanted is remembered: other hosts may run it for some seconds.
 */
export function groupStates(
  earlier: GroupStates,
  desired: Desired,
  inForce: readonly Instance[],
  changes: ReadonlyMap<string, PlannedChange>,
): GroupStates {
  const states = new Map(changes.size > 0 ? earlier : []);
  for (const instance of inForce) states.set(instance.name, [instance]);
  for (const to of desired.instances) {
    const before = predecessorOf(to, desired, inForce);
    const formerName = before?.name ?? to.name;
    const change = changes.get(to.name) ?? changes.get(formerName);
    states.delete(formerName);
    states.set(to.name, [
      to,
      ...(before ? [before] : []),
      ...(change ? [change.to, ...change.formerGroups] : []),
    ]);
  }
  return states;
}

/** What the other groups of this host are, were and will be. */
export function otherGroupsOf(group: string, states: GroupStates): Instance[] {
  return [...states].flatMap(([name, instances]) => (name === group ? [] : instances));
}
