/** Every metric of the agent, with its type, labels and help text. The table in docs/use/http.md is tested against it. */

interface MetricRow {
  readonly type: "gauge" | "counter" | "histogram";
  readonly labels: readonly string[];
  readonly help: string;
}

export const METRIC_PREFIX = "rancher_keepalived_";

/** By name without the prefix. */
export const METRICS = {
  build_info: { type: "gauge", labels: ["version"], help: "Version of the agent; always 1" },
  ready: { type: "gauge", labels: [], help: "1 while all is well, as /readyz says" },
  state: {
    type: "gauge",
    labels: ["group", "state"],
    help: "1 for the state that the group is in on this host, 0 for the others",
  },
  state_changed_timestamp_seconds: {
    type: "gauge",
    labels: ["group"],
    help: "When the group entered its state",
  },
  transitions_total: {
    type: "counter",
    labels: ["group", "state"],
    help: "How often the group entered the state since the agent started",
  },
  is_owner: {
    type: "gauge",
    labels: ["group", "vip"],
    help: "1 while this host owns the virtual IP; the sum over all hosts should be 1",
  },
  can_take_over: {
    type: "gauge",
    labels: ["group"],
    help: "1 while this host backs the group up and nothing keeps the VIPs from it; 0 on the owner",
  },
  owner_info: {
    type: "gauge",
    labels: ["group", "host", "address"],
    help: "1 for the owner that this host knows, by its own state or by adverts; no sample where it knows none",
  },
  owner_probe_ready: {
    type: "gauge",
    labels: ["group"],
    help: "1 while the owner is asked if its advert is late; 0 on the owner",
  },
  owner_probe_takeovers_total: {
    type: "counter",
    labels: ["group"],
    help: "How often the owner did not answer and this host took over, since the agent started",
  },
  priority: { type: "gauge", labels: ["group"], help: "VRRP priority of this host in the group" },
  peers: { type: "gauge", labels: ["group"], help: "Other members of the group that this host knows" },
  healthy: {
    type: "gauge",
    labels: ["group"],
    help: "1 while all checks of the group pass and the host is not drained",
  },
  drained: {
    type: "gauge",
    labels: ["group"],
    help: "1 while the group is drained on this host",
  },
  held_back: {
    type: "gauge",
    labels: ["group"],
    help: "1 while this host is barred from the VIPs, even if all checks pass",
  },
  check_verdict: {
    type: "gauge",
    labels: ["group", "check", "verdict"],
    help: "1 for the verdict of the check, 0 for the others",
  },
  check_probe_duration_seconds: {
    type: "histogram",
    labels: ["group", "check"],
    help: "Duration of one probe of the check",
  },
  gate_up: {
    type: "gauge",
    labels: [],
    help: "1 while the gate is up for all VIPs, 0 also before keepalived's first start",
  },
  keepalived_running: { type: "gauge", labels: [], help: "1 while keepalived runs" },
  keepalived_exits_total: {
    type: "counter",
    labels: [],
    help: "How often keepalived ended since the agent started; a restart by the agent counts, too",
  },
  applied_configurations_total: {
    type: "counter",
    labels: [],
    help: "Configurations that keepalived loaded since the agent started",
  },
  configuration_applied_timestamp_seconds: {
    type: "gauge",
    labels: [],
    help: "When keepalived last loaded a changed configuration",
  },
  rejected_configurations_total: {
    type: "counter",
    labels: [],
    help: "Candidates rejected since the agent started; a lasting reason counts once",
  },
  configuration_rejected: {
    type: "gauge",
    labels: [],
    help: "1 while the latest candidate is rejected",
  },
  metadata_source: {
    type: "gauge",
    labels: ["source"],
    help: "1 for the current source of metadata, 0 for the others",
  },
  metadata_read_timestamp_seconds: {
    type: "gauge",
    labels: [],
    help: "When metadata was last read completely; without changes, every 300 s",
  },
  problem: { type: "gauge", labels: ["part"], help: "1 while the part of the agent has a problem" },
  split_brain_suspected: {
    type: "gauge",
    labels: ["group", "cause"],
    help: "Hosts that may own the VIPs besides their owner, by cause, as in `splitBrain` of `status`",
  },
} as const satisfies Readonly<Record<string, MetricRow>>;

export type MetricName = keyof typeof METRICS;
