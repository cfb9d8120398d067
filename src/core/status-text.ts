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
    ["health", status.health && healthText(status.health)],
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
  ]);
  const checks = (status.health?.checks ?? []).map(
    ({ name, verdict, reason, since }) => `  ${name.padEnd(12)}${verdict} since ${since}: ${reason}`,
  );
  const lines = [
    isAsItShould(status) ? "well" : "NOT WELL",
    ...rows.flatMap(([name, value]) => (value === undefined ? [] : [`${name.padEnd(14)}${value}`])),
    ...instances,
    ...(checks.length === 0 ? [] : ["", "checks", ...checks]),
    ...status.problems.flatMap(problemLines),
  ];
  return `${lines.map(escapeControl).join("\n")}\n`;
}

function healthText({ isHealthy, isDrained, checks }: HealthStatus): string {
  if (isDrained) return "drained";
  if (checks.length === 0) return "nothing is checked";
  return isHealthy ? "healthy" : "unhealthy";
}

function problemLines({ part, code, message, hint, since }: StatusProblem): string[] {
  const head = `${code ?? part}: ${message} (since ${since})`;
  return ["", head, ...(hint === undefined ? [] : [`  -> ${hint}`])];
}
