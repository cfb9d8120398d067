/** The status as text for a terminal. Names and messages from outside are escaped, so they cannot control the terminal. */

import type { ReloadStatus } from "../conf/applied.ts";
import { gateStatusText } from "../gate/status.ts";
import type { CheckStatus, HealthStatus } from "../health/status.ts";
import type { InstanceStatus } from "../keepalived/instance-status.ts";
import type { MemberStatus } from "../metadata/member-status.ts";
import { describeSplitBrain } from "../split-brain/causes.ts";
import type { SplitBrainStatus } from "../split-brain/suspicion.ts";
import { escapeControl } from "../text/escape.ts";
import { durationText, elapsedMs, timeOfDay } from "../text/instant.ts";
import type { Style } from "../text/style.ts";
import { isWell, type Status, type StatusProblem } from "./status.ts";

export interface StatusTextOptions {
  readonly style: Style;
  /** ISO 8601. Ages are relative to it. */
  readonly now: string;
}

/** Several lines. The first is "well" or "NOT WELL", and says so if another owner is suspected. */
export function renderStatus(status: Status, view: StatusTextOptions): string {
  const { host, service, metadata, keepalived, configuration } = status;
  const { style, now } = view;
  const rows: [string, string | undefined][] = [
    ["host", host === undefined ? "not known yet" : `${host.name} (${host.uuid})`],
    ["service", service],
    ["metadata", metadataText(metadata, now)],
    ["keepalived", keepalived.isRunning ? `running, pid ${keepalived.pid}` : "not running"],
    ["VIP lease", leaseText(status)],
    ["configuration", configurationText(status, now)],
    ["last reload", reloadText(configuration.lastReload, now)],
    ["rejected", configuration.rejected],
    ["drained", drainText(status)],
    ["gate", gateStatusText(status.gate)],
    ["last event", status.lastEvent && `${status.lastEvent.text}, ${ago(status.lastEvent.at, now)}`],
  ];
  const inactive = status.health.filter(({ group }) => status.instances.every(({ name }) => name !== group));
  const lines = [
    style(isWell(status) ? "good" : "bad", escapeControl(headline(status))),
    ...status.contradictions.map(({ text, since }) =>
      style("bad", escapeControl(`contradiction ${text}, for ${durationText(elapsedMs(since, now))}`)),
    ),
    ...status.splitBrain.flatMap((one) => splitBrainLines(one, view)),
    ...rows.flatMap(([name, value]) =>
      value === undefined ? [] : [escapeControl(`${name.padEnd(14)}${value}`)],
    ),
    ...status.instances.flatMap((instance) => ["", ...instanceLines(instance, status, view)]),
    ...inactive.flatMap((health) => [
      "",
      escapeControl(`${health.group}: not active`),
      ...healthLines(health, view),
    ]),
    ...status.problems.flatMap((problem) => problemLines(problem, view)),
  ];
  return `${lines.join("\n")}\n`;
}

/** One line, for `status --watch` without a terminal. */
export function renderStatusLine(status: Status, now: string): string {
  const groups = status.instances.map(({ name, state }) => `${name}=${state}`);
  const troubles = [
    ...status.contradictions.map(({ text }) => text),
    ...status.splitBrain.map(({ group, cause }) => `split brain ${group}: ${cause}`),
    ...status.problems.map(({ part, code }) => code ?? part),
  ];
  const words = [
    now,
    isWell(status) ? "well" : "NOT WELL",
    ...groups,
    ...troubles.map((text) => `[${text}]`),
  ];
  return `${escapeControl(words.join(" "))}\n`;
}

/** The first line. A host with a suspicion is not well, whatever its own states are. */
function headline(status: Status): string {
  if (isWell(status)) return "well";
  const splitBrain = describeSplitBrain(status.splitBrain);
  return splitBrain === undefined ? "NOT WELL" : `NOT WELL: ${splitBrain}`;
}

function isSettled({ state }: InstanceStatus): boolean {
  return state === "MASTER" || state === "BACKUP";
}

function splitBrainLines(
  { group, cause, text, hint, since }: SplitBrainStatus,
  { style, now }: StatusTextOptions,
): string[] {
  const head = `split brain   ${group}: ${cause}: ${text}, for ${durationText(elapsedMs(since, now))}`;
  return [style("bad", escapeControl(head)), escapeControl(`  -> ${hint}`)];
}

function instanceLines(
  instance: InstanceStatus,
  { health, members, splitBrain }: Status,
  view: StatusTextOptions,
): string[] {
  const { style, now } = view;
  const isSuspected = splitBrain.some(({ group }) => group === instance.name);
  const tone = isSuspected || !isSettled(instance) ? "bad" : instance.state === "MASTER" ? "good" : "strong";
  const source = instance.prioritySource === undefined ? "" : `, ${instance.prioritySource}`;
  return [
    `${escapeControl(instance.name)}: ${style(tone, escapeControl(instance.state))} for ${durationText(elapsedMs(instance.since, now))} ${style("faint", escapeControl(`(since ${instance.since})`))}`,
    escapeControl(`  VIPs      ${instance.vips.join(", ")} on ${instance.interface}`),
    escapeControl(`  VRRP      VRID ${instance.virtualRouterId}, priority ${instance.priority}${source}`),
    escapeControl(instance.source === undefined ? "  multicast" : `  unicast   from ${instance.source}`),
    ...peerLines(instance, members, view),
    ...healthLines(
      health.find(({ group }) => group === instance.name),
      view,
    ),
  ];
}

const PRESENCE_WORDS: Readonly<Record<MemberStatus["presence"], string>> = {
  running: "running, according to metadata",
  starting: "starting, according to metadata",
  disconnected: "Rancher cannot reach it",
  missing: "no running container in metadata",
};

function peerLines(
  { source, peers }: InstanceStatus,
  members: readonly MemberStatus[],
  { style }: StatusTextOptions,
): string[] {
  if (source === undefined) return [];
  if (peers.length === 0) return ["  peers     none: this host is alone"];
  return peers.map((peer, index) => {
    const member = members.find(({ addresses }) => addresses.includes(peer));
    const head = index === 0 ? "  peers     " : "            ";
    if (member === undefined) return escapeControl(`${head}${peer}`);
    const presence = PRESENCE_WORDS[member.presence];
    const shown = member.presence === "running" ? presence : style("warn", presence);
    return `${escapeControl(`${head}${peer} ${member.host}: `)}${shown}`;
  });
}

function healthLines(health: HealthStatus | undefined, view: StatusTextOptions): string[] {
  if (health === undefined) return [];
  const tone = health.isHealthy && health.heldBy === undefined ? "good" : "warn";
  return [
    `  health    ${view.style(tone, escapeControl(healthText(health)))}`,
    ...health.checks.map((check) => checkLine(check, view)),
  ];
}

function checkLine({ name, verdict, reason, since }: CheckStatus, { style, now }: StatusTextOptions): string {
  const tone = verdict === "healthy" ? "good" : verdict === "unhealthy" ? "bad" : "warn";
  const rest = escapeControl(` for ${durationText(elapsedMs(since, now))}: ${reason}`);
  return `    ${escapeControl(name.padEnd(8))}${style(tone, verdict)}${rest}`;
}

function healthText({ isHealthy, drainedBy, heldBy, checks }: HealthStatus): string {
  if (drainedBy !== undefined) return `drained by ${drainedBy}`;
  if (heldBy !== undefined) return `held back: ${heldBy}`;
  if (checks.length === 0) return "nothing is checked";
  return isHealthy ? "healthy" : "unhealthy";
}

function problemLines(
  { part, code, message, hint, since }: StatusProblem,
  { style, now }: StatusTextOptions,
): string[] {
  const head = `${code ?? part}: ${message} (for ${durationText(elapsedMs(since, now))})`;
  const tone = part === "advice" ? "warn" : "bad";
  return [
    "",
    style(tone, escapeControl(head)),
    ...(hint === undefined ? [] : [escapeControl(`  -> ${hint}`)]),
  ];
}

function metadataText({ source, readAt, version }: Status["metadata"], now: string): string {
  const read = readAt === undefined ? [] : [`read ${ago(readAt, now)}`];
  return [source, ...read, ...(version === undefined ? [] : [`version ${version}`])].join(", ");
}

function leaseText({ vipLease: { seconds, state, reason } }: Status): string {
  if (seconds === undefined) return "off";
  return `${seconds} s, ${state}${reason === undefined ? "" : `: ${reason}`}`;
}

function configurationText({ configuration: { appliedAt, appliedCount } }: Status, now: string) {
  return appliedAt && `applied ${ago(appliedAt, now)} (${appliedCount} since the agent started)`;
}

function reloadText(reload: ReloadStatus | undefined, now: string): string | undefined {
  if (reload === undefined) return undefined;
  const { at, outcome, durationMs, reason } = reload;
  const took = durationMs === undefined ? "" : ` in ${durationMs} ms`;
  return `${outcome}${took}, ${ago(at, now)}${reason === undefined ? "" : `: ${reason}`}`;
}

function drainText({ drain: { all, groups } }: Status): string | undefined {
  if (all !== undefined) return `all groups, by command, since ${all}`;
  const names = Object.entries(groups).map(([name, since]) => `${name} since ${since}`);
  return names.length === 0 ? undefined : `by command: ${names.join(", ")}`;
}

/** `12 s ago (14:28:31)`, in UTC. */
function ago(instant: string, now: string): string {
  return `${durationText(elapsedMs(instant, now))} ago (${timeOfDay(instant)})`;
}
