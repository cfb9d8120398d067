/** A Status as a person reads it in a terminal. */
import { escapeControl } from "./settings-source.ts";
import { type HealthStatus, isAsItShould, type Status, type StatusProblem } from "./status.ts";

/** @returns some lines; what came from outside (names, messages) is escaped, so that it cannot draw on the terminal. */
export function statusText(status: Status): string {
  const { host, service, metadata, keepalived, configuration } = status;
  const rows: [string, string | undefined][] = [
    ["host", host === undefined ? "not known yet" : `${host.name} (${host.uuid})`],
    ["service", service],
    [
      "metadata",
      metadata.readAt === undefined ? metadata.source : `${metadata.source}, read ${metadata.readAt}`,
    ],
    ["keepalived", keepalived.isRunning ? `running, pid ${keepalived.pid}` : "not running"],
    ["configuration", configuration.appliedAt && `applied ${configuration.appliedAt}`],
    ["rejected", configuration.rejected],
    ["last event", status.lastEvent && `${status.lastEvent.at} ${status.lastEvent.text}`],
  ];
  const instances = status.instances.flatMap((instance) => [
    "",
    `${instance.name}: ${instance.state} since ${instance.since}`,
    `  VIPs      ${instance.vips.join(", ")} on ${instance.interface}`,
    `  VRRP      VRID ${instance.virtualRouterId}, priority ${instance.priority}`,
    instance.source === undefined
      ? "  multicast"
      : `  unicast   ${instance.source} -> ${instance.peers.join(", ") || "nobody: alone"}`,
    ...healthLines(status.health.find(({ group }) => group === instance.name)),
  ]);
  const others = status.health.filter(({ group }) => status.instances.every(({ name }) => name !== group));
  const lines = [
    isAsItShould(status) ? "well" : "NOT WELL",
    ...status.contradictions.map(({ text, since }) => `contradiction ${text} (since ${since})`),
    ...rows.flatMap(([name, value]) => (value === undefined ? [] : [`${name.padEnd(14)}${value}`])),
    ...instances,
    ...others.flatMap((health) => ["", `${health.group}: not in force`, ...healthLines(health)]),
    ...status.problems.flatMap(problemLines),
  ];
  return `${lines.map(escapeControl).join("\n")}\n`;
}

function healthLines(health: HealthStatus | undefined): string[] {
  if (health === undefined) return [];
  const checks = health.checks.map(
    ({ name, verdict, reason, since }) => `    ${name.padEnd(8)}${verdict} since ${since}: ${reason}`,
  );
  return [`  health    ${healthText(health)}`, ...checks];
}

function healthText({ isHealthy, drainedBy, heldBy, checks }: HealthStatus): string {
  if (drainedBy !== undefined) return `drained by ${drainedBy}`;
  if (heldBy !== undefined) return `held back: ${heldBy}`;
  if (checks.length === 0) return "nothing is checked";
  return isHealthy ? "healthy" : "unhealthy";
}

function problemLines({ part, code, message, hint, since }: StatusProblem): string[] {
  const head = `${code ?? part}: ${message} (since ${since})`;
  return ["", head, ...(hint === undefined ? [] : [`  -> ${hint}`])];
}
