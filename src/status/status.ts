/** What the agent knows of itself and its VIPs, as `status` shows it; the shape is documented in README. */

import type { ReloadStatus } from "../conf/applied.ts";
import type { DrainOrders } from "../drain/orders.ts";
import type { ErrorCode } from "../errors.ts";
import type { GroupHealthStatus } from "../health/status.ts";
import type { KeepalivedStatus } from "../keepalived/instance-status.ts";
import type { MemberStatus } from "../metadata/member-status.ts";
import type { SplitBrainStatus } from "../split-brain/suspect.ts";

export const PARTS = [
  "metadata",
  "configuration",
  "keepalived",
  "health",
  "secret",
  "host",
  "http",
  "advice",
] as const;

/** Which part has the problem; a part has one at a time, but for `host`: what the agent finds wrong around it. */
export type Part = (typeof PARTS)[number];

export interface StatusProblem {
  readonly part: Part;
  readonly code: ErrorCode | undefined;
  readonly message: string;
  readonly hint: string | undefined;
  /** ISO 8601. */
  readonly since: string;
}

/** What keepalived tells and what the kernel has do not go together. */
export interface Contradiction {
  /** A sentence. */
  readonly text: string;
  /** ISO 8601, when it was first seen. */
  readonly since: string;
  /** It has been there for 5 s: longer than a change of state takes. */
  readonly isLasting: boolean;
}

export interface Status extends KeepalivedStatus {
  readonly agent: {
    readonly version: string;
    readonly pid: number;
    readonly startedAt: string;
    readonly stateDir: string;
  };
  readonly host: { readonly uuid: string; readonly name: string } | undefined;
  readonly service: string | undefined;
  readonly metadata: {
    /** `live`, `last-good` (remembered from before a restart), `off`, or `none` so far. */
    readonly source: "live" | "last-good" | "off" | "none";
    readonly version: string | undefined;
    /** ISO 8601, last complete reading. */
    readonly readAt: string | undefined;
  };
  readonly configuration: {
    /** ISO 8601, when keepalived last took a changed configuration. */
    readonly appliedAt: string | undefined;
    /** How many configurations keepalived took since the agent started. */
    readonly appliedCount: number;
    /** Path of the candidate that was refused last, until one is accepted. */
    readonly rejected: string | undefined;
    /** What became of the last text that differed: refused before, or failed while keepalived took it. */
    readonly lastReload: ReloadStatus | undefined;
  };
  /** The other hosts of the service, by metadata; empty before it was read. */
  readonly members: readonly MemberStatus[];
  /** What the command `drain` ordered. */
  readonly drain: DrainOrders;
  /** One of each group, by name; empty until the settings are known. */
  readonly health: readonly GroupHealthStatus[];
  /** Where the states of the instances are not to be believed. */
  readonly contradictions: readonly Contradiction[];
  /** Whom this host suspects of owning VIPs beside their owner. */
  readonly splitBrain: readonly SplitBrainStatus[];
  readonly problems: readonly StatusProblem[];
}

/**
 * Whether everything is as it should be: keepalived runs, each group owns or backs up its VIPs, the kernel's addresses go
 * with that, and no problem is open but advice.
 */
export function isWell(status: Status): boolean {
  return (
    status.keepalived.isRunning &&
    status.instances.length > 0 &&
    status.instances.every(({ state }) => state === "MASTER" || state === "BACKUP") &&
    !status.contradictions.some(({ isLasting }) => isLasting) &&
    status.problems.every(({ part }) => part === "advice")
  );
}
