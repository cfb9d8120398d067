/** The cluster as text for a terminal. Everything from another host is escaped, so it cannot control the terminal. */
import { PRESENCE_TEXT } from "../metadata/presence-text.ts";
import { ownerText } from "../status/owner.ts";
import { escapeControl } from "../text/escape.ts";
import { durationText, elapsedMs } from "../text/instant.ts";
import type { Style } from "../text/style.ts";
import type { Cluster, ClusterGroup, ClusterMember, ClusterSpare, MemberProblem } from "./cluster.ts";

/** Groups of another host that are named although this host does not have them. */
const SHOWN_GROUPS = 5;

interface ClusterTextOptions {
  readonly style: Style;
}

/** Several lines. The first says whether the whole cluster is well, or else how many groups and hosts are not. */
export function renderCluster(cluster: Cluster, { style }: ClusterTextOptions): string {
  const { groups, members, at, isWell } = cluster;
  const answering = new Set(members.flatMap(({ uuid, reach }) => (reach === "answers" ? [uuid] : [])));
  const view = { style, at, answering };
  const lines = [
    style(isWell ? "good" : "bad", headline(cluster)),
    ...groups.flatMap((group) => groupLines(group, view)),
    "",
    "hosts:",
    ...members.flatMap((member) => memberLines(member, groups, view)),
  ];
  return `${lines.join("\n")}\n`;
}

/** One line without its end, for `status --all --watch` without a terminal. */
export function renderClusterLine(cluster: Cluster): string {
  const groups = cluster.groups.map(
    ({ name, owner, noOwner }) =>
      `${name}=${owner?.host ?? owner?.address ?? (noOwner === undefined ? "unknown" : "none")}`,
  );
  const silent = cluster.members.filter(({ reach }) => reach !== "answers");
  const troubles = [
    ...cluster.groups.flatMap(({ name, trouble }) =>
      trouble === undefined ? [] : [`${name}: ${trouble.text}`],
    ),
    ...silent.map(({ host, reach }) => `${host}: ${reach.replace("-", " ")}`),
  ];
  const words = [cluster.isWell ? "well" : "NOT WELL", ...groups, ...troubles.map((text) => `[${text}]`)];
  return escapeControl(words.join(" "));
}

function headline({ isWell, groups, members }: Cluster): string {
  if (isWell) return `well: ${countOf(members.length, "host")}, ${countOf(groups.length, "group")}`;
  const troubled = groups.filter(({ trouble }) => trouble !== undefined);
  const silent = members.filter(({ reach }) => reach !== "answers");
  const unwell = members.filter(({ reach, isWell: isMemberWell }) => reach === "answers" && !isMemberWell);
  const drained = unwell.filter(isOnlyDrained);
  const failing = unwell.length - drained.length;
  const parts = [
    ...(groups.length === 0 ? ["there is no group yet"] : []),
    ...(troubled.length === 0 ? [] : [`${countOf(troubled.length, "group")} in trouble`]),
    ...(failing === 0 ? [] : [`${countOf(failing, "host")} not well`]),
    ...(drained.length === 0 ? [] : [`${countOf(drained.length, "host")} drained`]),
    ...(silent.length === 0 ? [] : [`${countOf(silent.length, "host")} without an answer`]),
  ];
  return `NOT WELL: ${parts.join(", ")}`;
}

function countOf(count: number, what: string): string {
  return `${count} ${what}${count === 1 ? "" : "s"}`;
}

interface View extends ClusterTextOptions {
  readonly at: string;
  /** Uuids of the members that say how they are. */
  readonly answering: ReadonlySet<string>;
}

function groupLines(group: ClusterGroup, view: View): string[] {
  const { name, vips, trouble, spares } = group;
  const tone = trouble === undefined ? "good" : trouble.level === "bad" ? "bad" : "warn";
  const owner = describeOwner(group, view.at);
  const ready = spares.filter(({ canTakeOver }) => canTakeOver).map(({ host }) => host);
  const others = spares.filter(({ canTakeOver }) => !canTakeOver);
  // a host that keeps its HTTP to itself may well be able to
  const none = others.every(({ uuid }) => view.answering.has(uuid)) ? "none" : "none known";
  return [
    "",
    `${view.style(tone, escapeControl(`${name}: ${owner}`))}${vips.length === 0 ? "" : escapeControl(`  ${vips.join(", ")}`)}`,
    // the line above says already that there is no owner
    ...(trouble === undefined || group.owner === undefined
      ? []
      : [view.style(tone, escapeControl(`  ${trouble.text}`))]),
    escapeControl(`  can take over: ${ready.length === 0 ? none : ready.join(", ")}`),
    ...others.map((spare) => spareLine(spare, view)),
  ];
}

function describeOwner({ owner, isOwnerPeer, noOwner, since }: ClusterGroup, at: string): string {
  if (owner?.isSelf !== true) {
    const peers = isOwnerPeer && owner?.address !== undefined ? [owner.address] : [];
    const text = ownerText({ owner, noOwner, peers }, at);
    if (owner !== undefined) return `owned by ${text}`;
    return text === undefined ? "owner not known" : `no owner, ${text}`;
  }
  const { host = "this host", address } = owner;
  const place = address === undefined ? "" : ` (${address})`;
  return `owned by ${host}${place}${since === undefined ? "" : ` for ${durationText(elapsedMs(since, at))}`}`;
}

function spareLine({ host, why = "" }: ClusterSpare, { style }: View): string {
  return `  ${style("warn", escapeControl(`not ${host}: ${why}`))}`;
}

/** Whether a drain that was ordered is all that keeps a host from being well, as its own `status` says it. */
function isOnlyDrained({ drained, problems, groups }: ClusterMember): boolean {
  return (
    drained &&
    problems.every(({ part }) => part === "advice") &&
    groups.every(({ state, drainedBy }) => {
      return state === "MASTER" || state === "BACKUP" || (state === "FAULT" && drainedBy !== undefined);
    })
  );
}

function memberLines(member: ClusterMember, groups: readonly ClusterGroup[], { style, at }: View): string[] {
  const { host, address, isSelf, reach, why, version, problems, isWell } = member;
  const place = address === undefined ? "" : ` (${address})`;
  const head = `  ${host}${place}${isSelf ? ", this host" : ""}`;
  if (reach !== "answers") {
    const { metadata, wire } = member;
    const heard = wire === undefined ? "the wire: no advert from it as an owner" : wireText(wire, at);
    return [
      `${escapeControl(head)}: ${style("bad", escapeControl(`${reach.replace("-", " ")}, ${why}`))}`,
      ...(metadata === undefined ? [] : [`    ${PRESENCE_TEXT[metadata]}`]),
      escapeControl(`    ${heard}`),
    ];
  }
  const state = isWell
    ? style("good", "well")
    : isOnlyDrained(member)
      ? style("warn", "drained, otherwise well")
      : style("bad", "NOT WELL");
  return [
    `${escapeControl(head)}: ${state}, ${escapeControl(`version ${version}`)}`,
    ...problemLines(problems, style),
    ...strangeGroups(member, groups).map((line) => style("warn", escapeControl(line))),
  ];
}

/** Each problem on one line, so that a host cannot write lines of its own, and the next step below the last one that it is for. Advice is left to the host's own `status`. */
function problemLines(problems: readonly MemberProblem[], style: Style): string[] {
  const open = problems.filter(({ part }) => part !== "advice");
  return open.flatMap(({ part, code, message, hint }, index) => [
    style("bad", escapeControl(`    ${code ?? part}: ${message.replaceAll("\n", "; ")}`)),
    ...(hint === undefined || open[index + 1]?.hint === hint ? [] : [escapeControl(`      -> ${hint}`)]),
  ]);
}

/** A line about the groups that only this member reports. */
function strangeGroups({ groups }: ClusterMember, known: readonly ClusterGroup[]): string[] {
  const strange = groups.filter((group) => known.every(({ name }) => name !== group.name));
  if (strange.length === 0) return [];
  const shown = strange.slice(0, SHOWN_GROUPS).map(({ name, state }) => `${name} (${state})`);
  const rest = strange.length - shown.length;
  return [
    `    it tells of groups that this host does not have: ${shown.join(", ")}${rest === 0 ? "" : `, and ${rest} more`}`,
  ];
}

function wireText({ owns, heardAt }: NonNullable<ClusterMember["wire"]>, at: string): string {
  const when = heardAt === undefined ? "" : `, heard ${durationText(elapsedMs(heardAt, at))} ago`;
  return `the wire: it owns ${owns.join(", ")}${when}`;
}
