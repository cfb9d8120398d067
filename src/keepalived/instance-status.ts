/** What the status says about keepalived and each instance. */
import type { Instance } from "../vrrp/instance.ts";
import type { SchedulingStatus } from "./scheduling.ts";

export interface InstanceStatus {
  readonly name: string;
  /** As keepalived last reported it; UNKNOWN before its first report, STOPPED while keepalived does not run. */
  readonly state: string;
  /** ISO 8601: when the instance entered that state. */
  readonly since: string;
  readonly interface: string;
  readonly virtualRouterId: number;
  readonly priority: number;
  /** `keepalived.priority (host label)`, `derived`, ...; undefined where an earlier run of the agent derived it. */
  readonly prioritySource: string | undefined;
  readonly vips: readonly string[];
  readonly source: string | undefined;
  readonly peers: readonly string[];
}

/** keepalived's part of the agent's status. */
export interface KeepalivedStatus {
  readonly keepalived: { readonly isRunning: boolean; readonly pid: number | undefined };
  readonly scheduling: SchedulingStatus;
  readonly instances: readonly InstanceStatus[];
  /** The last transition or end of keepalived; `at` is ISO 8601. */
  readonly lastEvent: { readonly at: string; readonly text: string } | undefined;
}

/** The status of an instance in a state that began at `since` (ISO 8601). */
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
