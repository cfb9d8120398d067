/**
 * Which groups can stand in one keepalived.conf: no two may have a virtual IP in common, or a VRID on one interface.
 *
 * If groups conflict, the one that already runs continues. If none runs, none starts, because another host may run any
 * of them.
 */

import { AgentError } from "../errors.ts";
import { describeSource, type Source } from "../settings/source.ts";
import { type Instance, vipsOf } from "../vrrp/instance.ts";
import { isSameVirtualRouter, virtualRouterOf } from "../vrrp/virtual-router.ts";

/** The instance that a group's settings give, and where its VIPs and its VRID are set. */
export interface GroupCandidate {
  readonly instance: Instance;
  readonly vipSource: Source;
  /** Undefined: the VRID is derived from the first VIP. */
  readonly vridSource: Source | undefined;
}

/**
 * @param candidates sorted by name.
 * @param inForce what keepalived of this host runs.
 * @param kept the instances in force that stay as they are, whatever the candidates are.
 * @returns `refused` by group name, each with GROUP_CONFLICT.
 */
export function acceptCompatible(
  candidates: readonly GroupCandidate[],
  inForce: readonly Instance[],
  kept: readonly Instance[] = [],
): { readonly accepted: readonly Instance[]; readonly refused: ReadonlyMap<string, AgentError> } {
  const running = new Map(inForce.map((instance) => [instance.name, instance]));
  const isRunning = ({ instance }: GroupCandidate) => {
    const before = running.get(instance.name);
    return before !== undefined && hasSameIdentity(before, instance);
  };
  const rivalOf = indexByPlace(candidates);
  const keptRivalOf = indexByPlace(kept.map(asItRuns));
  const accepted: Instance[] = [];
  const refused = new Map<string, AgentError>();
  for (const candidate of candidates) {
    const rival = keptRivalOf(candidate) ?? (isRunning(candidate) ? undefined : rivalOf(candidate));
    const conflict = rival && describeConflict(candidate, rival);
    if (conflict === undefined) accepted.push(candidate.instance);
    else refused.set(candidate.instance.name, new AgentError("GROUP_CONFLICT", conflict));
  }
  return { accepted, refused };
}

/** Finds the first of the others that conflicts with a candidate, without a comparison of each with each. */
function indexByPlace(
  others: readonly GroupCandidate[],
): (candidate: GroupCandidate) => GroupCandidate | undefined {
  const byPlace = new Map<string, number[]>();
  for (const [index, { instance }] of others.entries()) {
    for (const place of placesOf(instance)) {
      const first = byPlace.get(place) ?? [];
      // one may be the candidate itself
      if (first.length < 2) byPlace.set(place, [...first, index]);
    }
  }
  return (candidate) => {
    const found = placesOf(candidate.instance).flatMap((place) => byPlace.get(place) ?? []);
    const indices = found.filter((index) => others[index] !== candidate);
    return others[Math.min(...indices)];
  };
}

/** What no two groups can both have: their virtual IPs, and their VRID on an interface. */
function placesOf(instance: Instance): string[] {
  const { interface: link, virtualRouterId, family } = virtualRouterOf(instance);
  return [...new Set(vipsOf(instance)), `VRID ${virtualRouterId} ${family} ${link}`];
}

/** Whether two instances can be in one keepalived.conf. */
export function areCompatible(a: Instance, b: Instance): boolean {
  return sharedVip(a, b) === undefined && !haveSameVirtualRouter(a, b);
}

function asItRuns(instance: Instance): GroupCandidate {
  const source: Source = { kind: "default", name: `${instance.name} as it runs` };
  return { instance, vipSource: source, vridSource: source };
}

/** Whether two instances occupy the same: the interface, the VRID and the VIPs. */
function hasSameIdentity(a: Instance, b: Instance): boolean {
  const identity = (instance: Instance) =>
    [instance.interface, instance.virtualRouterId, ...vipsOf(instance).toSorted()].join(" ");
  return identity(a) === identity(b);
}

function describeConflict(candidate: GroupCandidate, other: GroupCandidate): string | undefined {
  const [a, b] = [candidate.instance, other.instance];
  const address = sharedVip(a, b);
  if (address !== undefined) {
    return (
      `groups ${a.name} and ${b.name} both have the virtual IP ${address}: ` +
      `${describeSource(candidate.vipSource)} and ${describeSource(other.vipSource)}`
    );
  }
  if (!haveSameVirtualRouter(a, b)) return undefined;
  const place = ({ instance, vridSource }: GroupCandidate) =>
    vridSource === undefined ? `derived from ${instance.firstVip.address}` : describeSource(vridSource);
  return (
    `groups ${a.name} and ${b.name} both have VRID ${a.virtualRouterId} on ${a.interface}: ` +
    `${place(candidate)} and ${place(other)}`
  );
}

function haveSameVirtualRouter(a: Instance, b: Instance): boolean {
  return isSameVirtualRouter(virtualRouterOf(a), virtualRouterOf(b));
}

function sharedVip(a: Instance, b: Instance): string | undefined {
  const addresses = new Set(vipsOf(b));
  return vipsOf(a).find((address) => addresses.has(address));
}
