/**
 * What groups must not have in common: a virtual IP, and a VRID on one interface. Of groups in conflict the one that
 * runs goes on; where none of them does, none begins, since another host may run either.
 */

import { AgentError } from "../errors.ts";
import { familyOf } from "../network/address.ts";
import { describeSource, type Source } from "../settings/source.ts";
import type { Instance } from "../vrrp/instance.ts";
import { vipsOf } from "../vrrp/instance.ts";

/** An instance that its group's settings make, and where its VIPs and its VRID are written. */
export interface GroupCandidate {
  readonly instance: Instance;
  readonly vipSource: Source;
  /** Undefined: the VRID is derived from the first VIP. */
  readonly vridSource: Source | undefined;
}

/**
 * @param candidates sorted by name.
 * @param inForce what keepalived of this host runs.
 * @param kept those of them that go on as they are, whatever else is wanted.
 */
export function acceptCompatible(
  candidates: readonly GroupCandidate[],
  inForce: readonly Instance[],
  kept: readonly Instance[] = [],
): { readonly accepted: readonly Instance[]; readonly refused: ReadonlyMap<string, AgentError> } {
  const runs = ({ instance }: GroupCandidate) =>
    inForce.some((other) => other.name === instance.name && isSameClaim(other, instance));
  const accepted: GroupCandidate[] = [];
  const refused = new Map<string, AgentError>();
  for (const candidate of candidates) {
    const rivals = runs(candidate) ? [] : candidates.filter((other) => other !== candidate);
    const conflict = [...kept.map(asItRuns), ...rivals]
      .map((other) => conflictOf(candidate, other))
      .find((text) => text !== undefined);
    if (conflict === undefined) accepted.push(candidate);
    else refused.set(candidate.instance.name, new AgentError("GROUP_CONFLICT", conflict));
  }
  return { accepted: accepted.map(({ instance }) => instance), refused };
}

function asItRuns(instance: Instance): GroupCandidate {
  const source: Source = { kind: "default", name: `${instance.name} as it runs` };
  return { instance, vipSource: source, vridSource: source };
}

/** Whether two instances can be in one keepalived.conf. */
export function areCompatible(a: Instance, b: Instance): boolean {
  return sharedVip(a, b) === undefined && !sharesVirtualRouter(a, b);
}

function isSameClaim(a: Instance, b: Instance): boolean {
  const claim = (instance: Instance) =>
    [instance.interface, instance.virtualRouterId, ...vipsOf(instance).toSorted()].join(" ");
  return claim(a) === claim(b);
}

function conflictOf(candidate: GroupCandidate, other: GroupCandidate): string | undefined {
  const [a, b] = [candidate.instance, other.instance];
  const address = sharedVip(a, b);
  if (address !== undefined) {
    return (
      `groups ${a.name} and ${b.name} both have the virtual IP ${address}: ` +
      `${describeSource(candidate.vipSource)} and ${describeSource(other.vipSource)}`
    );
  }
  if (!sharesVirtualRouter(a, b)) return undefined;
  const place = ({ instance, vridSource }: GroupCandidate) =>
    vridSource === undefined ? `derived from ${instance.firstVip.address}` : describeSource(vridSource);
  return (
    `groups ${a.name} and ${b.name} both have VRID ${a.virtualRouterId} on ${a.interface}: ` +
    `${place(candidate)} and ${place(other)}`
  );
}

/** VRRP keeps IPv4 and IPv6 apart: a VRID may serve one group of each (RFC 9568 section 5.2.3). */
function sharesVirtualRouter(a: Instance, b: Instance): boolean {
  const isSameNetwork = a.interface === b.interface && a.virtualRouterId === b.virtualRouterId;
  return isSameNetwork && familyOf(a.firstVip.address) === familyOf(b.firstVip.address);
}

function sharedVip(a: Instance, b: Instance): string | undefined {
  const addresses = new Set(vipsOf(b));
  return vipsOf(a).find((address) => addresses.has(address));
}
