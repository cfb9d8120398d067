/** What became of the owner before, when this host becomes owner: by keepalived's counters of the adverts that it heard. */
import type { JournalEvent } from "../core/journal.ts";
import type { VrrpState } from "../core/vrrp-dump.ts";
import { successionOf } from "../core/vrrp-succession.ts";

/** @param isPreempting groups for which the owner before may be well. @returns takes in each account of keepalived. */
export function watchSuccessions(
  record: (event: JournalEvent) => void,
  isPreempting: (group: string) => boolean,
): (states: readonly VrrpState[]) => void {
  const last = new Map<string, VrrpState>();
  return (states) => {
    for (const state of states) {
      const group = state.instance;
      const before = last.get(group);
      last.set(group, state);
      const hasCome = before !== undefined && before.state !== "MASTER" && state.state === "MASTER";
      if (hasCome && !isPreempting(group))
        record({ kind: "succession", group, how: successionOf(before, state) });
    }
  };
}
