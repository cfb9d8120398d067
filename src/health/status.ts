export interface CheckStatus {
  /** `ports`, `http`, `tcp`, `script` or `service`. */
  readonly name: string;
  readonly verdict: "healthy" | "unhealthy" | "unknown";
  /** One line, from the last look. */
  readonly reason: string;
  /** ISO 8601, when the verdict last changed. */
  readonly since: string;
  /** ISO 8601, the first of the looks that made the verdict. */
  readonly onset: string;
}

/** Whether this host may own its VIPs. */
export interface HealthStatus {
  readonly isHealthy: boolean;
  readonly isDrained: boolean;
  /** `command`, or the label or path in metadata that says so. */
  readonly drainedBy: string | undefined;
  /** Why it may not yet for now, whatever the checks say: a planned change of the group is under way. */
  readonly heldBy: string | undefined;
  readonly checks: readonly CheckStatus[];
}

export interface GroupHealthStatus extends HealthStatus {
  readonly group: string;
}
