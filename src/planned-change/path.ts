/** Where each instance of a configuration comes from, and what of it can be run beside what stays for now. */

import { areCompatible } from "../groups/group-conflict.ts";
import type { Desired, Instance } from "../vrrp/instance.ts";

/** What keepalived runs of a group, under its name or, where it was renamed, under another. */
export function predecessorOf(
  to: Instance,
  desired: Desired,
  inForce: readonly Instance[],
): Instance | undefined {
  const stays = new Set(desired.instances.map(({ name }) => name));
  const addresses = new Set([to.firstVip, ...to.excludedVips].map(({ address }) => address));
  return (
    inForce.find(({ name }) => name === to.name) ??
    inForce.find(
      ({ name, firstVip, excludedVips }) =>
        !stays.has(name) && [firstVip, ...excludedVips].some(({ address }) => addresses.has(address)),
    )
  );
}

/** A group that begins here where the others do not expect it begins as one that has just moved. */
export function elsewhere(to: Instance, source: string | undefined): Instance | undefined {
  if (source === undefined || to.unicast === undefined) return undefined;
  return { ...to, unicast: { ...to.unicast, source } };
}

/** A group that wants what another one has yet to leave waits for it: as it was, or not at all where it is new. */
export function withoutClashes(
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
