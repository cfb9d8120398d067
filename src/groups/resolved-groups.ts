/**
 * The settings of every group, resolved once in a reconcile pass.
 *
 * Checks and instances are derived from this one value, so they never disagree about a setting.
 */
import type { Snapshot } from "../metadata/snapshot.ts";
import type { SettingProblem } from "../settings/problem.ts";
import { type ResolvedGroup, resolveGroup } from "../settings/resolve-group.ts";
import type { Settings } from "../settings/settings.ts";
import type { Instance } from "../vrrp/instance.ts";
import { listGroups } from "./group-names.ts";

export interface ResolvedGroups {
  /** The groups that metadata names, or `main` where it names none. By name, sorted. */
  readonly named: ReadonlyMap<string, ResolvedGroup>;
  /** The groups that metadata no longer names while keepalived runs them: they are checked until they end. */
  readonly ending: ReadonlyMap<string, ResolvedGroup>;
  /** Names of groups that cannot be used. */
  readonly nameProblems: readonly SettingProblem[];
}

/** @param inForce what keepalived runs, or ran in an earlier run. */
export function resolveGroups(
  settings: Settings,
  { self, service }: Snapshot,
  inForce: readonly Instance[],
): ResolvedGroups {
  const { names, problems } = listGroups(service.metadata);
  const running = new Set(inForce.map(({ name }) => name));
  const resolve = (name: string) =>
    [name, resolveGroup(name, settings, self.labels, service.metadata)] as const;
  return {
    named: new Map(names.map(resolve)),
    ending: new Map([...running.difference(new Set(names))].map(resolve)),
    nameProblems: problems,
  };
}
