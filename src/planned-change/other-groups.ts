/**
 * What each group of this host is, was and will be. An advert of one group must never count as an advert of the former owner
 * of another one: groups that change together would hold each other.
 */
import { type Desired, type Instance, vipsOf } from "../vrrp/instance.ts";
import type { PlannedChange } from "./planned-change.ts";
import { findPredecessors } from "./predecessor.ts";
import type { RememberedChanges } from "./remembered.ts";

/** The states of each group, by its wanted name, or by its former name if it is no longer wanted. */
export type GroupStates = ReadonlyMap<string, readonly Instance[]>;

/** What this host knows of its groups before a step. */
export interface KnownGroups {
  readonly desired: Desired;
  readonly inForce: readonly Instance[];
  readonly changes: ReadonlyMap<string, PlannedChange>;
  /** What an earlier run of the agent remembered, and no change has taken yet. */
  readonly remembered: RememberedChanges;
}

/**
 * The states of all groups before a step.
 *
 * While a change is under way, a group that is no longer wanted is remembered: other hosts may run it for some seconds.
 */
export function groupStates(earlier: GroupStates, known: KnownGroups): GroupStates {
  const { desired, inForce, changes, remembered } = known;
  const states = new Map(changes.size > 0 ? earlier : []);
  for (const instance of inForce) states.set(instance.name, [instance]);
  const predecessorOf = findPredecessors(desired, inForce);
  for (const to of desired.instances) {
    const before = predecessorOf(to);
    const names = [...new Set([to.name, before?.name ?? to.name])];
    for (const name of names) states.delete(name);
    const changing = names.flatMap((name) => changes.get(name) ?? []);
    states.set(to.name, [
      to,
      ...(before === undefined ? [] : [before]),
      ...changing.flatMap((change) => [change.to, ...change.formerGroups]),
      ...names.flatMap((name) => remembered.get(name) ?? []),
    ]);
  }
  return states;
}

/** What the other groups of this host are, were and will be. */
export function otherGroupsOf(group: string, states: GroupStates): Instance[] {
  return [...states].flatMap(([name, instances]) => (name === group ? [] : instances));
}

/** The VIPs of refused groups that no other group of this host has or had. An advert with such a VIP belongs to no other group. */
export function vipsOfRefusedAlone(refused: ReadonlySet<string>, states: GroupStates): ReadonlySet<string> {
  return refused.difference(new Set([...states.values()].flat().flatMap(vipsOf)));
}
