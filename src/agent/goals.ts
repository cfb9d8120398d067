/**
 * What each group should become, by its last settings that were not refused.
 *
 * A refused group keeps running as it is. In a planned change it continues that change instead: otherwise hosts that
 * stopped in the middle would run two groups, or would all be held back, for as long as the settings are wrong.
 */
import type { DesiredState } from "../groups/desired-state.ts";
import { retainNames } from "../text/by-name.ts";
import type { Instance } from "../vrrp/instance.ts";

export interface Goals {
  /** What the groups in force become where their settings are refused. */
  ofRefused(inForce: readonly Instance[], isChangeUnderWay: boolean): readonly Instance[];
  note(wanted: DesiredState): void;
}

export function createGoals(): Goals {
  const goals = new Map<string, Instance>();
  return {
    ofRefused: (inForce, isChangeUnderWay) =>
      isChangeUnderWay ? inForce.map((instance) => goals.get(instance.name) ?? instance) : inForce,
    note: ({ desired, refusals }) => {
      for (const instance of desired.instances)
        if (!refusals.has(instance.name)) goals.set(instance.name, instance);
      retainNames(goals, [...desired.instances.map(({ name }) => name), ...refusals.keys()]);
    },
  };
}
