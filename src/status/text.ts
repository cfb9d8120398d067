/** The status as text for a terminal. Names and messages from outside are escaped, so they cannot control the terminal. */

import type { ReloadStatus } from "../conf/applied.ts";
import { gateStatusText } from "../gate/status.ts";
import { schedulingText } from "../keepalived/scheduling.ts";
import { describeSplitBrain, distinctSuspicions } from "../split-brain/causes.ts";
import type { SplitBrainStatus } from "../split-brain/suspicion.ts";
import { escapeControl } from "../text/escape.ts";
import { durationText, elapsedMs, timeOfDay } from "../text/instant.ts";
import { groupLines, type StatusTextOptions } from "./group-text.ts";
import { isAsOrdered, isWell, type Status, type StatusProblem } from "./status.ts";

/** Several lines: the verdict, what is wrong with the next steps, the groups, then the rest. */
export function renderStatus(status: Status, view: StatusTextOptions): string {
  const { host, service, keepalived, configuration } = status;
  const { style, now } = view;
  const rows: [string, string | undefined][] = [
    ["host", host === undefined ? "not known yet" : `${host.name} (${host.uuid})`],
    ["service", service],
    ["metadata", metadataText(status, now)],
    ["keepalived", keepalived.isRunning ? `running, pid ${keepalived.pid}` : "not running"],
    ["scheduling", schedulingText(status.scheduling)],
    ["VIP lease", leaseText(status)],
    ["owner probe", ownerProbeText(status)],
    ["configuration", configurationText(status, now)],
    ["last reload", reloadText(configuration.lastReload, now)],
    ["rejected", configuration.rejected],
    ["drained", drainText(status)],
    ["gate", gateStatusText(status.gate)],
    ["last event", status.lastEvent && `${status.lastEvent.text}, ${ago(status.lastEvent.at, now)}`],
  ];
  const lines = [
    style(isAsOrdered(status) ? "good" : "bad", escapeControl(headline(status))),
    ...status.contradictions.map(({ text, since }) =>
      style("bad", escapeControl(`contradiction ${text}, for ${durationText(elapsedMs(since, now))}`)),
    ),
    ...distinctSuspicions(status.splitBrain).flatMap((one) => splitBrainLines(one, view)),
    ...status.problems.flatMap((problem) => problemLines(problem, view)),
    ...groupLines(status, view),
    "",
    ...rows.flatMap(([name, value]) =>
      value === undefined ? [] : [escapeControl(`${name.padEnd(14)}${value}`)],
    ),
  ];
  return `${lines.join("\n")}\n`;
}

/** One line without its end, for `status --watch` without a terminal. */
export function renderStatusLine(status: Status): string {
  const groups = status.instances.map(({ name, state }) => `${name}=${state}`);
  const troubles = [
    ...status.contradictions.map(({ text }) => text),
    ...new Set(status.splitBrain.map(({ group, cause }) => `split brain ${group}: ${cause}`)),
    ...status.problems.map(({ part, code }) => code ?? part),
  ];
  const verdict = isWell(status) ? "well" : isAsOrdered(status) ? "drained" : "NOT WELL";
  const words = [verdict, ...groups, ...troubles.map((text) => `[${text}]`)];
  return escapeControl(words.join(" "));
}

/** The first line. A host with a suspicion is not well, whatever its own states are. */
function headline(status: Status): string {
  if (isWell(status)) return "well";
  if (isAsOrdered(status)) return "drained, otherwise well";
  const splitBrain = describeSplitBrain(status.splitBrain);
  return splitBrain === undefined ? "NOT WELL" : `NOT WELL: ${splitBrain}`;
}

function splitBrainLines(
  { group, cause, text, hint, since }: SplitBrainStatus,
  { style, now }: StatusTextOptions,
): string[] {
  const head = `split brain   ${group}: ${cause}: ${text}, for ${durationText(elapsedMs(since, now))}`;
  return [style("bad", escapeControl(head)), escapeControl(`  -> ${hint}`)];
}

function problemLines(
  { part, code, message, hint, since }: StatusProblem,
  { style, now }: StatusTextOptions,
): string[] {
  const [first = "", ...others] = message.split("\n");
  const head = `${code ?? part}: ${first} (for ${durationText(elapsedMs(since, now))})`;
  const tone = part === "advice" ? "warn" : "bad";
  return [
    style(tone, escapeControl(head)),
    ...others.map((line) => style(tone, escapeControl(`  ${line}`))),
    ...(hint === undefined ? [] : [escapeControl(`  -> ${hint}`)]),
  ];
}

/** `live` is where the data is from: it may be that metadata does not answer any more. */
function metadataText({ metadata: { source, readAt, version }, problems }: Status, now: string): string {
  const read = readAt === undefined ? [] : [`read ${ago(readAt, now)}`];
  const isSilent = source === "live" && problems.some(({ code }) => code === "METADATA_UNREACHABLE");
  return [
    isSilent ? "does not answer now" : source,
    ...read,
    ...(version === undefined ? [] : [`version ${version}`]),
  ].join(", ");
}

function leaseText({ vipLease: { seconds, state, reason } }: Status): string {
  if (seconds === undefined) return "off";
  return `${seconds} s, ${state}${reason === undefined ? "" : `: ${reason}`}`;
}

function ownerProbeText({ ownerProbe: { seconds, groups, multicastProblem } }: Status): string {
  if (seconds === undefined) return "off";
  const ready = groups.filter(({ isReady }) => isReady).map(({ group }) => group);
  const unable = multicastProblem === undefined ? "" : `; not by multicast over IPv4: ${multicastProblem}`;
  return `${seconds} s${ready.length === 0 ? ", no owner to ask" : `, ready for ${ready.join(", ")}`}${unable}`;
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
