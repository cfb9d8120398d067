/** Derives the samples of all metrics from a status. */

import { isFullyUp } from "../gate/status.ts";
import type { InstanceStatus } from "../keepalived/instance-status.ts";
import { SPLIT_BRAIN_CAUSES } from "../split-brain/causes.ts";
import type { OwnerStatus } from "../status/owner.ts";
import { isAsOrdered, PARTS, type Status } from "../status/status.ts";
import type { Counts } from "./counters.ts";
import type { MetricName } from "./table.ts";

export interface Sample {
  readonly name: MetricName;
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

export interface MetricsInput {
  readonly status: Status;
  readonly counts: Counts;
  /** Converts an ISO 8601 time to seconds since 1970. */
  readonly epochSeconds: (time: string) => number;
}

/** The states of keepalived, then STOPPED and UNKNOWN, which the agent sets where keepalived reports none. */
const STATES = ["MASTER", "BACKUP", "FAULT", "STOP", "DELETED", "STOPPED", "UNKNOWN"];
/** The states of normal operation. Their counters exist from the start. */
const COUNTED_STATES = ["MASTER", "BACKUP", "FAULT"];
const VERDICTS = ["healthy", "unhealthy", "unknown"];
const SOURCES = ["live", "last-good", "off", "none"];

/** An unknown value has no sample. */
export function deriveSamples(input: MetricsInput): Sample[] {
  return [...ofAgent(input), ...ofGroups(input), ...ofHealth(input.status), ...ofOwnerProbe(input.status)];
}

function ofAgent({ status, counts, epochSeconds }: MetricsInput): Sample[] {
  const { agent, metadata, keepalived, configuration, problems } = status;
  const open = new Set(problems.map(({ part }) => part));
  const { readAt } = metadata;
  const { appliedAt, appliedCount, rejected } = configuration;
  return [
    sample("build_info", { version: agent.version }, 1),
    sample("ready", {}, isAsOrdered(status)),
    sample("gate_up", {}, isFullyUp(status.gate)),
    sample("keepalived_running", {}, keepalived.isRunning),
    sample("keepalived_exits_total", {}, counts.exits),
    sample("applied_configurations_total", {}, appliedCount),
    ...known("configuration_applied_timestamp_seconds", appliedAt && epochSeconds(appliedAt)),
    sample("rejected_configurations_total", {}, counts.rejections),
    sample("configuration_rejected", {}, rejected !== undefined),
    ...SOURCES.map((source) => sample("metadata_source", { source }, source === metadata.source)),
    ...known("metadata_read_timestamp_seconds", readAt && epochSeconds(readAt)),
    ...PARTS.map((part) => sample("problem", { part }, open.has(part))),
  ];
}

function ofGroups({ status, counts, epochSeconds }: MetricsInput): Sample[] {
  const transitions = withZeros(status, counts).map(({ group, state, count }) =>
    sample("transitions_total", { group, state }, count),
  );
  const allowed = allowedGroups(status);
  const suspicionCounts = new Map<string, number>();
  for (const { group, cause } of status.splitBrain) {
    const key = `${cause} ${group}`;
    suspicionCounts.set(key, (suspicionCounts.get(key) ?? 0) + 1);
  }
  const groups = status.instances.flatMap(({ name: group, state, since, priority, vips, ...instance }) => [
    ...ownerSamples(group, instance.owner),
    ...STATES.map((each) => sample("state", { group, state: each }, each === state)),
    sample("state_changed_timestamp_seconds", { group }, epochSeconds(since)),
    ...vips.map((vip) => sample("is_owner", { group, vip: addressOf(vip) }, state === "MASTER")),
    sample("can_take_over", { group }, state === "BACKUP" && allowed.has(group)),
    sample("priority", { group }, priority),
    sample("peers", { group }, peerCount(instance, status)),
    ...SPLIT_BRAIN_CAUSES.map((cause) => {
      const count = suspicionCounts.get(`${cause} ${group}`) ?? 0;
      return sample("split_brain_suspected", { group, cause }, count);
    }),
  ]);
  return [...transitions, ...groups];
}

/** The groups whose checks pass, and whose VIPs neither a drain nor a hold keeps from this host. */
function allowedGroups({ health }: Status): ReadonlySet<string> {
  const allowed = health.filter(({ isHealthy, heldBy }) => isHealthy && heldBy === undefined);
  return new Set(allowed.map(({ group }) => group));
}

/** With multicast keepalived.conf names no peers, and each member of the service is one. */
function peerCount({ source, peers }: Pick<InstanceStatus, "source" | "peers">, { members }: Status): number {
  return source === undefined ? members.length : peers.length;
}

function ownerSamples(group: string, owner: OwnerStatus | undefined): Sample[] {
  if (owner === undefined) return [];
  const { host = "", address = "" } = owner;
  return [sample("owner_info", { group, host, address }, 1)];
}

/** Adds counters of 0: Prometheus sees no increase in a series that begins with 1. */
function withZeros({ instances }: Status, { transitions }: Counts): Counts["transitions"] {
  const counted = new Set(transitions.map(({ group, state }) => `${state} ${group}`));
  const zeros = instances.flatMap(({ name: group }) =>
    COUNTED_STATES.filter((state) => !counted.has(`${state} ${group}`)).map((state) => ({
      group,
      state,
      count: 0,
    })),
  );
  return [...transitions, ...zeros];
}

/** Without the prefix length, which may differ between hosts. */
function addressOf(vip: string): string {
  return vip.replace(/\/.*$/, "");
}

function ofOwnerProbe({ ownerProbe: { groups } }: Status): Sample[] {
  return groups.flatMap(({ group, isReady, takeovers }) => [
    sample("owner_probe_ready", { group }, isReady),
    sample("owner_probe_takeovers_total", { group }, takeovers),
  ]);
}

function ofHealth({ health }: Status): Sample[] {
  return health.flatMap(({ group, isHealthy, isDrained, heldBy, checks }) => [
    sample("healthy", { group }, isHealthy),
    sample("drained", { group }, isDrained),
    sample("held_back", { group }, heldBy !== undefined),
    ...checks.flatMap(({ name: check, verdict }) =>
      VERDICTS.map((each) => sample("check_verdict", { group, check, verdict: each }, each === verdict)),
    ),
  ]);
}

function sample(name: MetricName, labels: Sample["labels"], value: number | boolean): Sample {
  return { name, labels, value: Number(value) };
}

function known(name: MetricName, value: number | "" | undefined): Sample[] {
  return value === undefined || value === "" ? [] : [sample(name, {}, value)];
}
