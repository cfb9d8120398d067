/**
 * What is checked for each group.
 *
 * It depends on settings alone. So a host whose configuration cannot be derived, and which keeps an earlier one, is
 * checked all the same.
 */
import { deriveHealthPlan, type HealthPlan } from "../health/plan.ts";
import type { ResolvedGroups } from "./resolved-groups.ts";

/**
 * By group name. A group whose checks cannot be read is left out: its earlier checks stay.
 *
 * @param checkScript the setting CHECK_SCRIPT.
 */
export function deriveHealthPlans(
  { named, ending }: ResolvedGroups,
  checkScript: string | undefined,
): ReadonlyMap<string, HealthPlan> {
  const plans = [...named, ...ending].flatMap(([name, { group, blockingChecks }]) => {
    if (blockingChecks.length > 0) return [];
    const firstVip = group.virtualIps?.value[0]?.address ?? "any";
    return [[name, deriveHealthPlan(group, checkScript, firstVip)] as const];
  });
  return new Map(plans);
}
