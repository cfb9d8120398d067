/** What each wanted instance comes from, and which of them can run beside those that stay for now. */

import { areCompatible } from "../groups/group-conflict.ts";
import { type Desired, type Instance, vipsOf } from "../vrrp/instance.ts";

/**
 * What keepalived runs of each wanted group: the instance of its name or, if it was renamed, the first one that has one of
 * its VIPs.
 */
export function findPredecessors(
  { instances }: Desired,
  inForce: readonly Instance[],
): (to: Instance) => Instance | undefined {
  const byName = new Map(inForce.map((instance) => [instance.name, instance]));
  const wantedNames = new Set(instances.map(({ name }) => name));
  const renamed = inForce.filter(({ name }) => !wantedNames.has(name));
  const indexByVip = new Map(
    [...renamed.entries()].toReversed().flatMap(([index, one]) => vipsOf(one).map((vip) => [vip, index])),
  );
  return (to) => {
    const same = byName.get(to.name);
    if (same !== undefined || renamed.length === 0) return same;
    return renamed[Math.min(...vipsOf(to).flatMap((vip) => indexByVip.get(vip) ?? []))];
  };
}

/** The group with the source that the other hosts expect: a group that starts elsewhere starts as one that just moved. */
export function atListedAddress(to: Instance, listedAddress: string | undefined): Instance | undefined {
  if (listedAddress === undefined || to.unicast === undefined) return undefined;
  return { ...to, unicast: { ...to.unicast, source: listedAddress } };
}

/**
 * The instances that can run now. A group that needs what another group has not given up yet stays as it was, or is left
 * out if it is new.
 */
export function postponeConflicts(
  steps: readonly {
    readonly to: Instance;
    readonly before: Instance | undefined;
    readonly instance: Instance;
  }[],
): Instance[] {
  const staying = steps.filter(({ to, instance }) => instance !== to).map(({ instance }) => instance);
  return steps.flatMap(({ to, before, instance }) => {
    const isFree = instance !== to || staying.every((other) => areCompatible(instance, other));
    if (isFree) return [instance];
    return before === undefined ? [] : [{ ...before, name: to.name }];
  });
}
