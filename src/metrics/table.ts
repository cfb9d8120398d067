/** Every metric of the agent: its type, its labels, and what it says. The table in README is tested against it. */

interface MetricRow {
  readonly type: "gauge" | "counter" | "histogram";
  readonly labels: readonly string[];
  readonly help: string;
}

export const METRIC_PREFIX = "rancher_keepalived_";

/** By name without prefix. */
export const METRICS = {
  build_info: { type: "gauge", labels: ["version"], help: "Version of the agent; always 1" },
  ready: { type: "gauge", labels: [], help: "1 while everything is as it should be, as /readyz says" },
  state: {
    type: "gauge",
    labels: ["group", "state"],
    help: "1 for the state that the group is in on this host, 0 for the others",
  },
  state_changed_timestamp_seconds: {
    type: "gauge",
    labels: ["group"],
    help: "When the group came into its state",
  },
  transitions_total: {
    type: "counter",
    labels: ["group", "state"],
    help: "How often the group came into the state since the agent started",
  },
  is_owner: {
    type: "gauge",
    labels: ["group", "vip"],
    help: "1 while this host owns the virtual IP; the sum over all hosts should be 1",
  },
  priority: { type: "gauge", labels: ["group"], help: "VRRP priority of this host in the group" },
  peers: { type: "gauge", labels: ["group"], help: "Other members that this host knows of the group" },
  healthy: {
    type: "gauge",
    labels: ["group"],
    help: "1 while all checks of the group pass and the host is not drained",
  },
  drained: {
    type: "gauge",
    labels: ["group"],
    help: "1 while the host is to give the VIPs of the group away",
  },
  held_back: {
    type: "gauge",
    labels: ["group"],
    help: "1 while the host may not own the VIPs for now, whatever the checks say",
  },
  check_verdict: {
    type: "gauge",
    labels: ["group", "check", "verdict"],
    help: "1 for the verdict of the check, 0 for the others",
  },
  check_look_duration_seconds: {
    type: "histogram",
    labels: ["group", "check"],
    help: "How long one look of the check took",
  },
  keepalived_running: { type: "gauge", labels: [], help: "1 while keepalived runs" },
  applied_configurations_total: {
    type: "counter",
    labels: [],
    help: "Configurations that keepalived took since the agent started",
  },
  configuration_applied_timestamp_seconds: {
    type: "gauge",
    labels: [],
    help: "When keepalived last took a changed configuration",
  },
  rejected_configurations_total: {
    type: "counter",
    labels: [],
    help: "Candidates that were refused since the agent started, each reason that lasts counted once",
  },
  configuration_rejected: {
    type: "gauge",
    labels: [],
    help: "1 while the last candidate is one that was refused",
  },
  metadata_source: {
    type: "gauge",
    labels: ["source"],
    help: "1 for where metadata is taken from, 0 for the others",
  },
  metadata_read_timestamp_seconds: {
    type: "gauge",
    labels: [],
    help: "When metadata was last read completely; in quiet times every 300 s",
  },
  problem: { type: "gauge", labels: ["part"], help: "1 while the part of the agent has a problem" },
  split_brain_suspected: {
    type: "gauge",
    labels: ["group", "cause"],
    help: "Hosts that may own the VIPs beside their owner, as `splitBrain` in `status` says, by cause",
  },
} as const satisfies Readonly<Record<string, MetricRow>>;

export type MetricName = keyof typeof METRICS;
