/** From what is known to what is desired, group by group, and what an operator should hear on the way. */
import { canonicalAddress } from "../core/address.ts";
import {
  adviseOnSource,
  type Desired,
  deriveInstance,
  deriveRouterId,
  type Instance,
} from "../core/desired.ts";
import { AgentError } from "../core/errors.ts";
import { areCompatible, type Candidate, settleConflicts } from "../core/group-conflicts.ts";
import { listGroups } from "../core/group-names.ts";
import { type HealthPlan, planHealth } from "../core/health-plan.ts";
import { allAddresses, type LocalNetwork } from "../core/local-network.ts";
import { adviseOnSolitude } from "../core/peer-advice.ts";
import { resolveGroup, type Settings } from "../core/settings.ts";
import { describeProblem } from "../core/settings-source.ts";
import type { View } from "./knowledge.ts";

export interface Desire {
  readonly desired: Desired;
  /** Sentences, one a concern, that do not keep the configuration from being applied. */
  readonly advice: readonly string[];
  /** Groups that cannot be as they are set, each with the reason. What such a group ran before is part of `desired`. */
  readonly refused: ReadonlyMap<string, AgentError>;
  /** Groups that this host must not own the VIPs of, each with the reason: the others would not hear it. */
  readonly holds: ReadonlyMap<string, string>;
}

/**
 * What is to be checked, by group; a group whose checks cannot be read is left out. It depends on settings alone, so that a host whose configuration cannot be derived,
 * and which goes on with an earlier one, is checked all the same.
 *
 * @param inForce what keepalived runs, or ran in an earlier run: its groups are checked, too.
 */
export function planChecks(
  settings: Settings,
  view: View,
  inForce: readonly Instance[],
): ReadonlyMap<string, HealthPlan> {
  const { self, service } = view.snapshot;
  const names = new Set([...listGroups(service.metadata).names, ...inForce.map(({ name }) => name)]);
  const plans = [...names].flatMap((name) => {
    const { group, blockingChecks } = resolveGroup(name, settings, self.labels, service.metadata);
    if (blockingChecks.length > 0) return [];
    const firstVip = group.virtualIps?.value[0]?.address ?? "any";
    return [[name, planHealth(group, settings.agent.checkScript, firstVip)] as const];
  });
  return new Map(plans);
}

/**
 * @param inForce the instances that keepalived confirmed last, in this run or an earlier one.
 * @throws {AgentError} with the code of the first value that is missing and cannot be derived, where no group can be.
 */
export function desire(
  settings: Settings,
  view: View,
  network: LocalNetwork,
  inForce: readonly Instance[],
): Desire {
  const { self, service } = view.snapshot;
  const { names, problems } = listGroups(service.metadata);
  const candidates: Candidate[] = [];
  const advice = problems.map(describeProblem);
  const refused = new Map<string, AgentError>();
  const holds = new Map<string, string>();
  for (const name of names) {
    try {
      const derived = deriveGroup(name, settings, view, network);
      candidates.push(derived.candidate);
      advice.push(...derived.advice);
      if (derived.hold !== undefined) holds.set(name, derived.hold);
    } catch (error) {
      if (!(error instanceof AgentError)) throw error;
      refused.set(name, error);
    }
  }
  const { accepted, refused: conflicting } = settleConflicts(candidates, inForce);
  for (const [name, error] of conflicting) refused.set(name, error);
  const kept = inForce.filter(
    (instance) =>
      refused.has(instance.name) &&
      isPossible(instance, network) &&
      accepted.every((other) => areCompatible(instance, other)),
  );
  const [firstError] = refused.values();
  if (accepted.length === 0 && firstError !== undefined) throw firstError;
  const instances = [...accepted, ...kept];
  return {
    desired: {
      routerId: deriveRouterId(self.hostname || self.name),
      instances: instances.toSorted((a, b) => (a.name < b.name ? -1 : 1)),
    },
    advice: [...new Set(advice)],
    refused,
    holds,
  };
}

function deriveGroup(name: string, settings: Settings, view: View, network: LocalNetwork) {
  const { snapshot, members } = view;
  const { self, service } = snapshot;
  const { group, problems, blocking, warnings } = resolveGroup(name, settings, self.labels, service.metadata);
  if (blocking.length > 0) throw new AgentError("SETTING_REFUSED", blocking.map(describeProblem).join("; "));
  const about = {
    group: name,
    hostUuid: self.uuid,
    agentIp: canonicalAddress(self.agentIp),
    members,
    network,
  };
  const instance = deriveInstance(group, about);
  const onSource = adviseOnSource(instance, about);
  const onSolitude = adviseOnSolitude(instance, group.unicastPeers, view.origin === "off");
  const candidate: Candidate = {
    instance,
    vipSource: group.virtualIps?.source ?? { kind: "default", name: "VIRTUAL_IP" },
    vridSource: group.vrid?.source,
  };
  return {
    candidate,
    // who lists peers by hand may list this host's address with them
    hold: group.unicastPeers === undefined ? onSource : undefined,
    advice: [
      ...problems.map(describeProblem),
      ...warnings,
      ...[onSource, onSolitude].filter((sentence) => sentence !== undefined),
    ],
  };
}

/** keepalived refuses, or ends over, an interface or source that is not there: that would cost the other groups, too. */
function isPossible(instance: Instance, network: LocalNetwork): boolean {
  const source = instance.unicast?.source;
  return (
    network.interfaces.some(({ name }) => name === instance.interface) &&
    (source === undefined || allAddresses(network).includes(source))
  );
}
