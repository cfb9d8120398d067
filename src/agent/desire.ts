/** From what is known to what is desired, and what an operator should hear on the way. */
import { canonicalAddress } from "../core/address.ts";
import { adviseOnSource, type Desired, deriveInstance, deriveRouterId } from "../core/desired.ts";
import { AgentError } from "../core/errors.ts";
import { type HealthPlan, planHealth } from "../core/health-plan.ts";
import type { LocalNetwork } from "../core/local-network.ts";
import { resolveGroup, type Settings } from "../core/settings.ts";
import { describeProblem } from "../core/settings-source.ts";
import { standaloneSnapshot } from "../core/standalone.ts";
import type { View } from "./knowledge.ts";

/** Name of the one group of a service that has no `instances`. */
export const GROUP = "main";

export interface Desire {
  readonly desired: Desired;
  /** Sentences, one a concern, that do not keep the configuration from being applied. */
  readonly advice: readonly string[];
}

/**
 * What is to be checked. It depends on settings alone, so that a host whose configuration cannot be derived, and which
 * goes on with an earlier one, is checked all the same.
 *
 * @param view what is known of metadata; undefined: the environment alone counts.
 */
export function planChecks(settings: Settings, view: View | undefined): HealthPlan {
  const { self, service } = view?.snapshot ?? standaloneSnapshot("");
  const { group } = resolveGroup(GROUP, settings, self.labels, service.metadata);
  return planHealth(group, settings.agent.checkScript, group.virtualIps?.value[0]?.address ?? "any");
}

/** @throws {AgentError} with the code of the first value that is missing and cannot be derived. */
export function desire(settings: Settings, view: View, network: LocalNetwork): Desire {
  const { self, service } = view.snapshot;
  const { group, problems, blocking, warnings } = resolveGroup(
    GROUP,
    settings,
    self.labels,
    service.metadata,
  );
  if (blocking.length > 0) throw new AgentError("SETTING_REFUSED", blocking.map(describeProblem).join("; "));
  const about = {
    group: GROUP,
    hostUuid: self.uuid,
    agentIp: canonicalAddress(self.agentIp),
    members: view.members,
    network,
  };
  const instance = deriveInstance(group, about);
  const onSource = adviseOnSource(instance, about);
  return {
    desired: { routerId: deriveRouterId(self.hostname || self.name), instances: [instance] },
    advice: [...problems.map(describeProblem), ...warnings, ...(onSource === undefined ? [] : [onSource])],
  };
}
