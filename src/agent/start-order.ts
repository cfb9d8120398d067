/** Holds this host back from groups that it sees for the first time, until it is its turn to offer itself. */

import { startupDelaySeconds } from "../conf/render.ts";
import { startDelayMs } from "../groups/start-order.ts";
import type { View } from "../metadata/view.ts";
import type { Desired } from "../vrrp/instance.ts";

const REASON = "another host is first to offer itself for this group";

export interface FirstTurns {
  /** Groups whose first turn is another host's now, each with the reason; and when to ask again, ms from now. */
  holds(desired: Desired, view: View): { holds: ReadonlyMap<string, string>; againMs: number | undefined };
}

export function createFirstTurns(): FirstTurns {
  /** When this host offers itself for a group, ms. */
  const offers = new Map<string, number>();
  let isFirst = true;

  const meet = (groups: readonly string[], startMs: number, { snapshot, members }: View): void => {
    for (const group of offers.keys()) if (!groups.includes(group)) offers.delete(group);
    for (const group of groups.filter((name) => !offers.has(name))) {
      const delayMs = startDelayMs(group, { groups, members, hostUuid: snapshot.self.uuid });
      offers.set(group, delayMs === 0 ? 0 : startMs + delayMs);
    }
  };

  return {
    holds: (desired, view) => {
      const nowMs = performance.now();
      const groups = desired.instances.map(({ name }) => name);
      // keepalived itself waits after its start
      meet(groups, isFirst ? nowMs + 1_000 * startupDelaySeconds(desired) : nowMs, view);
      isFirst = false;
      const waiting = [...offers].filter(([, offerMs]) => offerMs > nowMs);
      const againMs = Math.min(...waiting.map(([, offerMs]) => offerMs - nowMs));
      return {
        holds: new Map(waiting.map(([group]) => [group, REASON])),
        againMs: waiting.length === 0 ? undefined : againMs,
      };
    },
  };
}
