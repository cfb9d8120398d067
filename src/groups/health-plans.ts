/**
 * What is checked for each group.
 *
 * It depends on settings alone. So a host whose configuration cannot be derived, and which keeps an earlier one, is
 * checked all the same.
 */
import { deriveHealthPlan, type HealthPlan } from "../health/plan.ts";
import { resolveGroup } from "../settings/resolve-group.ts";
import type { Settings } from "../settings/settings.ts";
import type { Instance } from "../vrrp/instance.ts";
import type { ResolvedGroups } from "./resolved-groups.ts";

/**
 * By group name. A group whose checks cannot be read is left out: its earlier checks stay.
 *
 * @param checkScript the setting CHECK_SCRIPT.
 * @param instances those that are known of the groups: clients come in by their interfaces.
 */
export function deriveHealthPlans(
  { named, ending }: ResolvedGroups,
  checkScript: string | undefined,
  instances: readonly Pick<Instance, "name" | "interface">[],
): ReadonlyMap<string, HealthPlan> {
  const interfaces = new Map(instances.map((instance) => [instance.name, instance.interface]));
  const plans = [...named, ...ending].flatMap(([name, { group, blockingChecks }]) => {
    if (blockingChecks.length > 0) return [];
    const firstVip = group.virtualIps?.value[0]?.address ?? "any";
    const clientInterface = group.interface?.value ?? interfaces.get(name);
    return [[name, deriveHealthPlan(group, { script: checkScript, firstVip, clientInterface })] as const];
  });
  return new Map(plans);
}

/** What is checked for groups of an earlier run while labels and service metadata are not known: what the environment sets. */
export function deriveEnvironmentPlans(
  groups: readonly Instance[],
  settings: Settings,
): ReadonlyMap<string, HealthPlan> {
  const planOf = ({ name, firstVip, interface: link }: Instance) =>
    deriveHealthPlan(resolveGroup(name, settings, {}, {}).group, {
      script: settings.agent.checkScript,
      firstVip: firstVip.address,
      clientInterface: link,
    });
  return new Map(groups.map((instance) => [instance.name, planOf(instance)]));
}
