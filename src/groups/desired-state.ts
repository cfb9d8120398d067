/** From what is known to what is desired, group by group, and what an operator should hear on the way. */

import { confWord } from "../conf/word.ts";
import { AgentError } from "../errors.ts";
import { type HealthPlan, planHealth } from "../health/plan.ts";
import type { View } from "../metadata/view.ts";
import { canonicalAddress } from "../network/address.ts";
import type { LocalNetwork } from "../network/host-network.ts";
import { type ResolvedGroup, resolveGroup, type Settings } from "../settings/settings.ts";
import { describeProblem, describeSource, type Problem } from "../settings/source.ts";
import type { Desired, Instance } from "../vrrp/instance.ts";
import { adviseOnMissingPeers } from "./advice.ts";
import { type DerivedInstance, deriveInstance, deriveRouterId } from "./derive.ts";
import { acceptCompatible, areCompatible, type GroupCandidate } from "./group-conflict.ts";
import type { GroupContext } from "./group-context.ts";
import { listGroups } from "./group-names.ts";
import { canRunHere } from "./interface-choice.ts";
import { adviseOnSource, listedAddressOf } from "./source-address.ts";

/** Of each group that is in force as it is set now: where its priority came from. */
export function prioritySources({ cases, refused }: DesiredState): ReadonlyMap<string, string> {
  const used = cases.filter(({ name }) => !refused.has(name));
  return new Map(
    used.map(({ name, resolved: { group } }) => [
      name,
      group.priority === undefined ? "derived" : describeSource(group.priority.source),
    ]),
  );
}

export interface DesiredState {
  readonly desired: Desired;
  /** Sentences, one a concern, that do not keep the configuration from being applied. */
  readonly advice: readonly string[];
  /** Groups that cannot be as they are set, each with the reason. What such a group ran before is part of `desired`. */
  readonly refused: ReadonlyMap<string, AgentError>;
  /** Groups that this host must not own the VIPs of, each with the reason: the others would not hear it. */
  readonly holds: ReadonlyMap<string, string>;
  /** Of those groups: the address by which the others know this host. */
  readonly knownAs: ReadonlyMap<string, string>;
  /** Why nothing of this is to be used: no group can be as it is set, and what runs goes on as it is. */
  readonly blocker: AgentError | undefined;
  /** Each group, by name, with what it was derived from. */
  readonly cases: readonly GroupCase[];
}

/**
 * What is to be checked, by group; a group whose checks cannot be read is left out. It depends on settings alone, so that a host whose configuration cannot be derived,
 * and which goes on with an earlier one, is checked all the same.
 *
 * @param inForce what keepalived runs, or ran in an earlier run: its groups are checked, too.
 */
export function deriveHealthPlans(
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

/** @param inForce the instances that keepalived confirmed last, in this run or an earlier one. */
export function deriveDesiredState(
  settings: Settings,
  view: View,
  network: LocalNetwork,
  inForce: readonly Instance[],
): DesiredState {
  const { self, service } = view.snapshot;
  const { names, problems } = listGroups(service.metadata);
  const considered = names.map((name) => considerGroup(name, settings, view, network));
  const refused = new Map(considered.flatMap(({ name, error }) => (error ? [[name, error]] : [])));
  const candidates = considered.flatMap(({ candidate }) => candidate ?? []);
  const goesOn = (instance: Instance) => refused.has(instance.name) && canRunHere(instance, network);
  const kept = inForce.filter(goesOn);
  const { accepted, refused: conflicting } = acceptCompatible(candidates, inForce, kept);
  for (const [name, error] of conflicting) refused.set(name, error);
  const beside = [...accepted, ...kept];
  const instances = [
    ...beside,
    ...inForce.filter(
      (instance) =>
        goesOn(instance) && beside.every((other) => other !== instance && areCompatible(instance, other)),
    ),
  ];
  const [firstError = nothingUsable(problems)] = refused.values();
  const holds = considered.flatMap((one) => holdOf(one, instances));
  return {
    desired: {
      routerId: deriveRouterId(self.hostname || self.name),
      instances: instances.toSorted((a, b) => (a.name < b.name ? -1 : 1)),
    },
    advice: [...new Set([...problems.map(describeProblem), ...considered.flatMap(adviceOf)])],
    refused,
    holds: new Map(holds.map(({ name, hold }) => [name, hold])),
    knownAs: new Map(holds.flatMap(({ name, knownAs }) => (knownAs === undefined ? [] : [[name, knownAs]]))),
    blocker: accepted.length === 0 ? firstError : undefined,
    cases: considered,
  };
}

/** The names of all groups are refused, and so there is no group to name. */
function nothingUsable(problems: readonly Problem[]): AgentError | undefined {
  if (problems.length === 0) return undefined;
  return new AgentError("SETTING_REFUSED", problems.map(describeProblem).join("; "));
}

/** Why this host must not own the VIPs of a group: the others would not hear it from where it speaks. */
function holdOf({ name, resolved, about }: Considered, instances: readonly Instance[]) {
  const instance = instances.find((one) => one.name === name);
  // who lists peers by hand may list this host's address with them
  if (instance === undefined || resolved.group.unicastPeers !== undefined) return [];
  const hold = adviseOnSource(instance, about);
  return hold === undefined ? [] : [{ name, hold, knownAs: listedAddressOf(instance, about) }];
}

interface Considered extends GroupCase {
  readonly candidate?: GroupCandidate;
  /** Why it cannot be as it is set. */
  readonly error?: AgentError;
}

function considerGroup(
  name: string,
  settings: Settings,
  { origin, snapshot, members }: View,
  network: LocalNetwork,
): Considered {
  const { self, service } = snapshot;
  const resolved = resolveGroup(name, settings, self.labels, service.metadata);
  const agentIp = canonicalAddress(self.agentIp);
  const about: GroupContext = { group: name, hostUuid: self.uuid, agentIp, members, network };
  const undecided = { name, resolved, about, derived: undefined, advice: resolved.warnings };
  const { group, blocking } = resolved;
  if (blocking.length > 0) {
    const error = new AgentError("SETTING_REFUSED", blocking.map(describeProblem).join("; "));
    return { ...undecided, error };
  }
  try {
    const derived = deriveInstance(group, about);
    // one name that cannot be written must not cost the other groups
    confWord(derived.instance.interface);
    const onSource = adviseOnSource(derived.instance, about);
    const onSolitude = adviseOnMissingPeers(derived.instance, group.unicastPeers, origin === "off");
    return {
      ...undecided,
      derived,
      candidate: {
        instance: derived.instance,
        vipSource: group.virtualIps?.source ?? { kind: "default", name: "VIRTUAL_IP" },
        vridSource: group.vrid?.source,
      },
      advice: [...resolved.warnings, ...[onSource, onSolitude].filter((sentence) => sentence !== undefined)],
    };
  } catch (error) {
    if (!(error instanceof AgentError)) throw error;
    return { ...undecided, error };
  }
}

/** Of a group that cannot be derived there is the error to tell, and what else may be its cause. */
function adviceOf({ resolved, advice, error }: Considered): string[] {
  const problems = resolved.problems.map(describeProblem);
  return error === undefined
    ? [...problems, ...advice]
    : problems.filter((text) => !error.message.includes(text));
}

/** What became of a group on its way from settings to keepalived.conf. */
export interface GroupCase {
  readonly name: string;
  readonly resolved: ResolvedGroup;
  readonly about: GroupContext;
  /** Undefined where it was refused before that. */
  readonly derived: DerivedInstance | undefined;
  /** Sentences that an operator should read, beside the problems of `resolved`. */
  readonly advice: readonly string[];
}
