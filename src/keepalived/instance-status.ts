import type { Instance } from "../vrrp/instance.ts";

export interface InstanceStatus {
  readonly name: string;
  /** As keepalived last said; UNKNOWN before it said anything, STOPPED while keepalived does not run. */
  readonly state: string;
  /** ISO 8601, when it came into that state. */
  readonly since: string;
  readonly interface: string;
  readonly virtualRouterId: number;
  readonly priority: number;
  /** Where it came from: `keepalived.priority (host label)`, `derived`; undefined for what an earlier run derived. */
  readonly prioritySource: string | undefined;
  readonly vips: readonly string[];
  readonly source: string | undefined;
  readonly peers: readonly string[];
}

/** What keepalived adds to the agent's status. */
export interface KeepalivedStatus {
  readonly keepalived: { readonly isRunning: boolean; readonly pid: number | undefined };
  readonly instances: readonly InstanceStatus[];
  /** What keepalived last told. `at` is ISO 8601. */
  readonly lastEvent: { readonly at: string; readonly text: string } | undefined;
}

/** How an instance reads in a status, given the state that keepalived told. */
export function instanceStatus(
  instance: Instance,
  state: { readonly name: string; readonly since: string },
  prioritySource?: string,
): InstanceStatus {
  const vips = [instance.firstVip, ...instance.excludedVips];
  return {
    name: instance.name,
    state: state.name,
    since: state.since,
    interface: instance.interface,
    virtualRouterId: instance.virtualRouterId,
    priority: instance.priority,
    prioritySource,
    vips: vips.map(({ address, prefix }) => `${address}/${prefix}`),
    source: instance.unicast?.source,
    peers: instance.unicast?.isAlone === false ? instance.unicast.peers : [],
  };
}
