/** What became of the owner before, when this host becomes owner: by keepalived's counters of the adverts that it heard. */
import type { VrrpState } from "../dump.ts";
import { type Account, remember, type Succession, successionOf } from "../previous-owner.ts";

/** @param isPreempting groups for which the owner before may be well. @returns takes in each account of keepalived. */
export function watchSuccessions(
  onSuccession: (group: string, how: Succession) => void,
  isPreempting: (group: string) => boolean,
): (states: readonly VrrpState[]) => void {
  const byGroup = new Map<string, readonly Account[]>();
  return (states) => {
    for (const state of states) {
      const group = state.instance;
      const accounts = byGroup.get(group) ?? [];
      const next = { state, atMs: performance.now() };
      byGroup.set(group, remember(accounts, next));
      const how = successionOf(accounts, next);
      if (how !== undefined && !isPreempting(group)) onSuccession(group, how);
    }
  };
}
