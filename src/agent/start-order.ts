/**
 * Holds this host back from each group that it sees for the first time, until its turn in the start order. So groups that
 * start together spread over the hosts.
 */
import { startupDelaySeconds } from "../conf/render.ts";
import { startDelayMs } from "../groups/start-order.ts";
import type { MetadataView } from "../metadata/view.ts";
import type { Desired } from "../vrrp/instance.ts";

const REASON = "another host is first to offer itself for this group";

export interface Waiting {
  /** Why this host must not own the group's VIPs yet, by group. */
  readonly reasons: ReadonlyMap<string, string>;
  /** The next turn comes after this time; undefined where no group waits. */
  readonly recheckMs: number | undefined;
}

export interface StartOrder {
  /** The groups of `desired` for which it is not this host's turn yet. */
  waiting(desired: Desired, view: MetadataView): Waiting;
}

export function createStartOrder(): StartOrder {
  /** When this host's turn comes, by group, on the clock of performance.now(). */
  const turnsMs = new Map<string, number>();
  let isFirstPass = true;

  const addNewGroups = (
    groups: readonly string[],
    startMs: number,
    { snapshot, members }: MetadataView,
  ): void => {
    for (const group of turnsMs.keys()) if (!groups.includes(group)) turnsMs.delete(group);
    for (const group of groups.filter((name) => !turnsMs.has(name))) {
      const delayMs = startDelayMs(group, { groups, members, hostUuid: snapshot.self.uuid });
      turnsMs.set(group, delayMs === 0 ? 0 : startMs + delayMs);
    }
  };

  return {
    waiting: (desired, view) => {
      const nowMs = performance.now();
      const groups = desired.instances.map(({ name }) => name);
      // keepalived itself waits this long after its start
      const startupMs = isFirstPass ? 1_000 * startupDelaySeconds(desired) : 0;
      addNewGroups(groups, nowMs + startupMs, view);
      isFirstPass = false;
      const waiting = [...turnsMs].filter(([, turnMs]) => turnMs > nowMs);
      return {
        reasons: new Map(waiting.map(([group]) => [group, REASON])),
        recheckMs:
          waiting.length === 0 ? undefined : Math.min(...waiting.map(([, turnMs]) => turnMs - nowMs)),
      };
    },
  };
}
