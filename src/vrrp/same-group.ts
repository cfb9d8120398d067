/** How two instances relate: whether the hosts that run them are one group, and what keepalived keeps between them. */
import type { Instance } from "./instance.ts";
import { isSameVirtualRouter, virtualRouterOf } from "./virtual-router.ts";

/** Whether two hosts with these instances are in one group. Also false if this host changes its source address. */
export function isSameGroup(a: Instance, b: Instance): boolean {
  return keepsOwnerState(a, b) && acceptSameAdverts(a, b);
}

/** Whether the group is the same, whatever source address this host sends from. */
export function isSameButForSource(a: Instance, b: Instance): boolean {
  const isSameTransport = (a.unicast === undefined) === (b.unicast === undefined);
  return (
    isSameVirtualRouter(virtualRouterOf(a), virtualRouterOf(b)) && isSameTransport && acceptSameAdverts(a, b)
  );
}

/**
 * Whether an owner stays owner when keepalived changes from one to the other: keepalived knows an instance by VRID and
 * interface.
 */
export function keepsOwnerState(a: Instance, b: Instance): boolean {
  return (
    isSameVirtualRouter(virtualRouterOf(a), virtualRouterOf(b)) && a.unicast?.source === b.unicast?.source
  );
}

/** Whether each accepts the adverts of the other. A password that is unknown, as after a restart, is taken as equal. */
function acceptSameAdverts(a: Instance, b: Instance): boolean {
  const isSamePassword = a.authPass === undefined || b.authPass === undefined || a.authPass === b.authPass;
  const isSameInterval = a.vrrpVersion === 3 || a.advertIntervalSeconds === b.advertIntervalSeconds;
  return (
    a.vrrpVersion === b.vrrpVersion &&
    a.firstVip.address === b.firstVip.address &&
    isSamePassword &&
    isSameInterval
  );
}
