/** What each wanted instance comes from, and which of them can run beside those that stay for now. */

import { areCompatible } from "../groups/group-conflict.ts";
import { type Desired, type Instance, vipsOf } from "../vrrp/instance.ts";

/** What keepalived runs of a group: the instance of its name or, if it was renamed, the one that has its VIPs. */
export function predecessorOf(
  to: Instance,
  desired: Desired,
  inForce: readonly Instance[],
): Instance | undefined {
  const wantedNames = new Set(desired.instances.map(({ name }) => name));
  const vips = new Set(vipsOf(to));
  return (
    inForce.find(({ name }) => name === to.name) ??
    inForce.find(
      (instance) => !wantedNames.has(instance.name) && vipsOf(instance).some((address) => vips.has(address)),
    )
  );
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
