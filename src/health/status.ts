/** The health of a group, as `status` shows it. */

export interface CheckStatus {
  /** `ports`, `target`, `http`, `tcp`, `script` or `service`. */
  readonly name: string;
  readonly verdict: "healthy" | "unhealthy" | "unknown";
  /** One line, from the last probe. */
  readonly reason: string;
  /** When the verdict last changed, in ISO 8601. */
  readonly since: string;
  /** When the first of the probes that made the verdict ran, in ISO 8601. */
  readonly onset: string;
}

/** Whether this host may own its VIPs. */
export interface HealthStatus {
  readonly isHealthy: boolean;
  readonly isDrained: boolean;
  /** `command`, or the host label or metadata path that drains the host. */
  readonly drainedBy: string | undefined;
  /** Why the group is held back whatever its checks say, such as a planned change. */
  readonly heldBy: string | undefined;
  /** The address that the ports must be published for: `any`, or an address. Absent where no port is checked. */
  readonly checkIp?: string | undefined;
  readonly checks: readonly CheckStatus[];
}

export interface GroupHealthStatus extends HealthStatus {
  readonly group: string;
}
