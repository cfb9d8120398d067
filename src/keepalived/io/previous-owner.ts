/** What became of the owner before, when this host becomes owner: by keepalived's counters of the adverts that it heard. */
import type { InstanceDump } from "../dump.ts";
import { derivePreviousOwner, keepDumps, type PreviousOwner, type TimedDump } from "../previous-owner.ts";

/** @param isPreempting groups for which the owner before may be well. @returns takes in each account of keepalived. */
export function createPreviousOwners(
  onSuccession: (group: string, how: PreviousOwner) => void,
  isPreempting: (group: string) => boolean,
): (states: readonly InstanceDump[]) => void {
  const byGroup = new Map<string, readonly TimedDump[]>();
  return (states) => {
    for (const state of states) {
      const group = state.instance;
      const accounts = byGroup.get(group) ?? [];
      const next = { state, atMs: performance.now() };
      byGroup.set(group, keepDumps(accounts, next));
      const how = derivePreviousOwner(accounts, next);
      if (how !== undefined && !isPreempting(group)) onSuccession(group, how);
    }
  };
}
