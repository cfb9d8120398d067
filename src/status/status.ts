/** The status of the agent and its VIPs, as `status --json` prints it. docs/use/commands.md documents its shape. */

import type { ReloadStatus } from "../conf/applied.ts";
import type { DrainOrders } from "../drain/orders.ts";
import type { ErrorCode } from "../errors.ts";
import type { GateStatus } from "../gate/status.ts";
import type { GroupHealthStatus } from "../health/status.ts";
import type { KeepalivedStatus } from "../keepalived/instance-status.ts";
import type { LeaseStatus } from "../lease/status.ts";
import type { MemberStatus } from "../metadata/member-status.ts";
import type { OwnerProbeStatus } from "../owner-probe/status.ts";
import type { SplitBrainStatus } from "../split-brain/suspicion.ts";
import type { GroupStatus } from "./owner.ts";

export const PARTS = [
  "metadata",
  "configuration",
  "keepalived",
  "lease",
  "vips",
  "sending",
  "listening",
  "health",
  "secret",
  "gate",
  "host",
  "http",
  "drain",
  "advice",
] as const;

/** The part that has a problem. Each has one at a time, except `host`, `vips`, `sending` and `listening`, which may have several. */
export type Part = (typeof PARTS)[number];

export interface StatusProblem {
  readonly part: Part;
  readonly code: ErrorCode | undefined;
  readonly message: string;
  readonly hint: string | undefined;
  /** ISO 8601. */
  readonly since: string;
}

/** keepalived's states and the kernel's addresses disagree. */
export interface Contradiction {
  /** A sentence. */
  readonly text: string;
  /** ISO 8601, time of the first observation. */
  readonly since: string;
  /** It has lasted for 5 s, which is longer than any change of state takes. */
  readonly isLasting: boolean;
}

export interface Status extends Omit<KeepalivedStatus, "instances"> {
  readonly instances: readonly GroupStatus[];
  readonly agent: {
    readonly version: string;
    readonly pid: number;
    readonly startedAt: string;
    readonly stateDir: string;
  };
  /** `hostname` is Rancher's name for it, which may have a domain. */
  readonly host:
    | { readonly uuid: string; readonly name: string; readonly hostname?: string | undefined }
    | undefined;
  readonly service: string | undefined;
  readonly metadata: {
    /** `last-good`: remembered from before a restart. `none`: not read yet. */
    readonly source: "live" | "last-good" | "off" | "none";
    readonly version: string | undefined;
    /** ISO 8601, time of the last complete read. */
    readonly readAt: string | undefined;
  };
  readonly configuration: {
    /** ISO 8601, time when keepalived last loaded a changed configuration. */
    readonly appliedAt: string | undefined;
    /** Configurations that keepalived loaded since the agent started. */
    readonly appliedCount: number;
    /** Path of the latest rejected candidate; undefined once a later one is accepted, or it is no longer wanted. */
    readonly rejected: string | undefined;
    /**
     * Outcome of the latest changed configuration: applied, refused beforehand, or failed during the reload. One that is no
     * longer wanted does not count.
     */
    readonly lastReload: ReloadStatus | undefined;
  };
  /** The other hosts of the service in metadata. Empty before metadata is read. */
  readonly members: readonly MemberStatus[];
  /** The orders of the command `drain`. */
  readonly drain: DrainOrders;
  /** One entry per group. Empty before the settings are known. */
  readonly health: readonly GroupHealthStatus[];
  /** Whether this host keeps answering for its VIPs when its container is killed. */
  readonly gate: GateStatus;
  readonly vipLease: LeaseStatus;
  /** Whether an owner whose advert is late is asked. */
  readonly ownerProbe: OwnerProbeStatus;
  /** Reasons not to trust the states of the instances. */
  readonly contradictions: readonly Contradiction[];
  /** Hosts suspected of owning VIPs besides their owner. */
  readonly splitBrain: readonly SplitBrainStatus[];
  readonly problems: readonly StatusProblem[];
}

/** The fields that decide whether a host is well: its own, or those that another host reports. */
export interface JudgedStatus {
  readonly keepalived: { readonly isRunning: boolean };
  readonly instances: readonly { readonly state: string }[];
  readonly contradictions: readonly { readonly isLasting: boolean }[];
  readonly splitBrain: readonly unknown[];
  readonly problems: readonly { readonly part: string }[];
}

/**
 * Whether keepalived runs, each group is MASTER or BACKUP, no contradiction lasts, no other owner is suspected, and there
 * is no problem other than advice.
 */
export function isWell(status: JudgedStatus): boolean {
  return (
    status.keepalived.isRunning &&
    status.instances.length > 0 &&
    status.instances.every(({ state }) => state === "MASTER" || state === "BACKUP") &&
    !status.contradictions.some(({ isLasting }) => isLasting) &&
    status.splitBrain.length === 0 &&
    status.problems.every(({ part }) => part === "advice")
  );
}

/**
 * Whether all is as ordered: well, except that a drained group may be in FAULT. `status`, HEALTHCHECK, /readyz and the
 * metric `ready` judge by this, so that a maintenance alarms nobody.
 */
export function isAsOrdered(status: OrderedStatus): boolean {
  return isWell({ ...status, instances: instancesAsOrdered(status) });
}

/** The fields that decide whether a host is as it was ordered. */
interface OrderedStatus extends JudgedStatus {
  readonly instances: readonly { readonly name: string; readonly state: string }[];
  readonly health: readonly { readonly group: string; readonly drainedBy?: string | undefined }[];
}

/** The instances, where FAULT of a drained group counts as BACKUP: it is what the drain does. */
export function instancesAsOrdered<One extends { readonly name: string; readonly state: string }>({
  instances,
  health,
}: Pick<OrderedStatus, "health"> & { readonly instances: readonly One[] }): One[] {
  const drained = new Set(health.flatMap(({ group, drainedBy }) => (drainedBy === undefined ? [] : group)));
  return instances.map((instance) =>
    instance.state === "FAULT" && drained.has(instance.name) ? { ...instance, state: "BACKUP" } : instance,
  );
}
