/**
 * The desired state of keepalived: what each group becomes, which groups keep what they ran, and what the operator
 * should read about it. A group that cannot be used as it is set keeps its earlier settings with the present peers, and
 * stops no other group.
 */

import { AgentError } from "../errors.ts";
import type { MetadataView } from "../metadata/view.ts";
import type { HostNetwork } from "../network/host-network.ts";
import { describeProblem, type SettingProblem } from "../settings/problem.ts";
import { describeSource } from "../settings/source.ts";
import type { Desired, Instance } from "../vrrp/instance.ts";
import { hasPeerList, withPeersOfNow } from "./as-it-ran.ts";
import { deriveRouterId } from "./derive-instance.ts";
import { acceptCompatible, areCompatible, type GroupCandidate } from "./group-conflict.ts";
import { type GroupContext, groupContext } from "./group-context.ts";
import { adviceOf, deriveGroup, type GroupResult } from "./group-result.ts";
import { canRunHere } from "./instance-on-host.ts";
import { adviseOnSource, listedAddressOf } from "./listed-address.ts";
import type { ResolvedGroups } from "./resolved-groups.ts";

/** Stands for the address of a host that the other hosts cannot send to. No host sends from it. */
const NO_ADDRESS = "0.0.0.0";

export interface DesiredState {
  readonly desired: Desired;
  /** Sentences for the operator. They do not stop the configuration from being applied. */
  readonly advice: readonly string[];
  /** Why a group cannot be used as it is set, by group. What such a group ran before is part of `desired`. */
  readonly refusals: ReadonlyMap<string, AgentError>;
  /** Why this host must not own the VIPs of a group, by group: the other hosts would refuse its adverts. */
  readonly barred: ReadonlyMap<string, string>;
  /** For the barred groups: the address by which the other hosts know this one, 0.0.0.0 where they know none. */
  readonly listedAddresses: ReadonlyMap<string, string>;
  /**
   * Set where no group can be used as it is set. Then `desired` is what continues, including groups that metadata no
   * longer names.
   */
  readonly failure: AgentError | undefined;
  /** Every group that metadata names, sorted by name. */
  readonly results: readonly GroupResult[];
}

export interface DesiredStateInput {
  readonly groups: ResolvedGroups;
  readonly view: MetadataView;
  readonly network: HostNetwork;
  /** The instances that keepalived confirmed last, in this run or an earlier one. */
  readonly inForce: readonly Instance[];
}

export function deriveDesiredState({ groups, view, network, inForce }: DesiredStateInput): DesiredState {
  const results = [...groups.named].map(([name, resolved]) => deriveGroup(name, resolved, view, network));
  const underivable = new Map(
    results.flatMap((result) => (result.phase === "refused" ? [[result.name, result.error]] : [])),
  );
  const resolvedOf = (name: string) => groups.named.get(name) ?? groups.ending.get(name);
  const asTheyRan = (isKept: (name: string) => boolean) =>
    inForce
      .filter((instance) => isKept(instance.name) && canRunHere(instance, network))
      .map((instance) => {
        const resolved = resolvedOf(instance.name);
        const context = groupContext(instance.name, view, network);
        return resolved === undefined ? instance : withPeersOfNow(instance, resolved, context);
      });
  const kept = asTheyRan((name) => underivable.has(name));
  const { accepted, refused: conflicting } = acceptCompatible(results.flatMap(candidateOf), inForce, kept);
  const certain = [...accepted, ...kept];
  const keptIfCompatible = asTheyRan((name) => conflicting.has(name)).filter((instance) =>
    certain.every((other) => areCompatible(instance, other)),
  );
  // a group must not end for a new one that cannot begin
  const ending = accepted.length === 0 ? asTheyRan((name) => !groups.named.has(name)) : [];
  const instances = [...certain, ...keptIfCompatible, ...ending];
  const refusals = new Map([...underivable, ...conflicting]);
  const [firstError = noUsableName(groups.nameProblems)] = refusals.values();
  const barred = instances.flatMap((instance) => {
    const resolved = resolvedOf(instance.name);
    if (resolved === undefined || hasPeerList(resolved)) return [];
    return barredBySource(instance, groupContext(instance.name, view, network));
  });
  const { hostname, name: hostName } = view.snapshot.self;
  return {
    desired: {
      routerId: deriveRouterId(hostname || hostName),
      instances: instances.toSorted((a, b) => (a.name < b.name ? -1 : 1)),
    },
    advice: [...new Set([...groups.nameProblems.map(describeProblem), ...results.flatMap(adviceOf)])],
    refusals,
    barred: new Map(barred.map(({ name, reason }) => [name, reason])),
    listedAddresses: new Map(
      barred.flatMap(({ name, listedAddress = NO_ADDRESS }) => [[name, listedAddress]]),
    ),
    failure: accepted.length === 0 ? firstError : undefined,
    results,
  };
}

/** The VIPs of the groups that cannot be used as they are set. Other hosts may own them. */
export function refusedVips({ results, refusals }: DesiredState): ReadonlySet<string> {
  const refused = results.filter(({ name }) => refusals.has(name));
  const vips = refused.flatMap(({ resolved }) => resolved.group.virtualIps?.value ?? []);
  return new Set(vips.map(({ address }) => address));
}

/** Where the priority of each group that is used as it is set came from, by group. */
export function prioritySources({ results, refusals }: DesiredState): ReadonlyMap<string, string> {
  const used = results.filter(({ name }) => !refusals.has(name));
  return new Map(
    used.map(({ name, resolved: { group } }) => [
      name,
      group.priority === undefined ? "derived" : describeSource(group.priority.source),
    ]),
  );
}

function candidateOf(result: GroupResult): GroupCandidate[] {
  if (result.phase === "refused") return [];
  const { virtualIps, vrid } = result.resolved.group;
  const vipSource = virtualIps?.source ?? ({ kind: "default", name: "VIRTUAL_IP" } as const);
  return [{ instance: result.derived.instance, vipSource, vridSource: vrid?.source }];
}

/** If all names are refused, no group is left to name in an error. */
function noUsableName(problems: readonly SettingProblem[]): AgentError | undefined {
  if (problems.length === 0) return undefined;
  return new AgentError("SETTING_REFUSED", problems.map(describeProblem).join("\n"));
}

/** Empty where the other hosts accept adverts from the address that the instance speaks from. */
function barredBySource(instance: Instance, context: GroupContext) {
  const { name } = instance;
  const reason = adviseOnSource(instance, context);
  const listedAddress = listedAddressOf(instance, context);
  return reason === undefined ? [] : [{ name, reason, listedAddress }];
}
