/** The cluster as text for a terminal. Everything from another host is escaped, so it cannot control the terminal. */
import { PRESENCE_TEXT } from "../metadata/presence-text.ts";
import { ownerText } from "../status/owner.ts";
import { escapeControl } from "../text/escape.ts";
import { durationText, elapsedMs } from "../text/instant.ts";
import type { Style } from "../text/style.ts";
import type { Cluster, ClusterGroup, ClusterMember, ClusterSpare, MemberProblem } from "./cluster.ts";
import { groupTrouble, headline, isOnlyDrained, unaskedIn, verdictWord } from "./verdict.ts";

/** Groups of another host that are named although this host does not have them. */
const SHOWN_GROUPS = 5;

interface ClusterTextOptions {
  readonly style: Style;
}

/** Several lines. The first says whether the whole cluster is well, or else how many groups and hosts are not. */
export function renderCluster(cluster: Cluster, { style }: ClusterTextOptions): string {
  const { groups, members, at } = cluster;
  const answering = new Set(members.flatMap(({ uuid, reach }) => (reach === "answers" ? [uuid] : [])));
  const view = { style, at, answering, unasked: unaskedIn(cluster) };
  const [tone, words] = headline(cluster, view.unasked);
  const lines = [
    style(tone, words),
    ...groups.flatMap((group) => groupLines(group, view)),
    "",
    "hosts:",
    ...members.flatMap((member) => memberLines(member, groups, view)),
  ];
  return `${lines.join("\n")}\n`;
}

/** One line without its end, for `status --all --watch` without a terminal. */
export function renderClusterLine(cluster: Cluster): string {
  const unasked = unaskedIn(cluster);
  const groups = cluster.groups.map(
    ({ name, owner, noOwner }) =>
      `${name}=${owner?.host ?? owner?.address ?? (noOwner === undefined ? "unknown" : "none")}`,
  );
  const silent = cluster.members.filter(({ reach }) => reach !== "answers");
  const troubles = [
    ...cluster.groups.flatMap((group) => {
      const trouble = groupTrouble(group, unasked);
      return trouble === undefined ? [] : [`${group.name}: ${trouble.text}`];
    }),
    ...silent.map(({ host, uuid, reach }) =>
      unasked.has(uuid) ? `${host}: cannot be asked` : `${host}: ${reach.replace("-", " ")}`,
    ),
  ];
  const words = [verdictWord(cluster, unasked), ...groups, ...troubles.map((text) => `[${text}]`)];
  return escapeControl(words.join(" "));
}

interface View extends ClusterTextOptions {
  readonly at: string;
  /** Uuids of the members that say how they are. */
  readonly answering: ReadonlySet<string>;
  /** Uuids of the members that cannot be asked, which says nothing against them. */
  readonly unasked: ReadonlySet<string>;
}

function groupLines(group: ClusterGroup, view: View): string[] {
  const { name, vips, spares, unlistedPeers = [] } = group;
  const trouble = groupTrouble(group, view.unasked);
  const tone = trouble === undefined ? "good" : trouble.level === "bad" ? "bad" : "warn";
  const owner = describeOwner(group, view.at);
  const ready = spares.filter(({ canTakeOver }) => canTakeOver).map(({ host }) => host);
  const others = spares.filter(({ canTakeOver }) => !canTakeOver);
  const unknown = [
    ...others.flatMap(({ uuid, host }) => (view.unasked.has(uuid) ? [host] : [])),
    ...unlistedPeers.filter((peer) => peer !== group.owner?.address),
  ];
  // a host that keeps its HTTP to itself may well be able to
  const isNoneCertain = unknown.length === 0 && others.every(({ uuid }) => view.answering.has(uuid));
  const none = isNoneCertain ? "none" : "none known";
  return [
    "",
    `${view.style(tone, escapeControl(`${name}: ${owner}`))}${vips.length === 0 ? "" : escapeControl(`  ${vips.join(", ")}`)}`,
    // the line above says already that there is no owner
    ...(trouble === undefined || group.owner === undefined
      ? []
      : [view.style(tone, escapeControl(`  ${trouble.text}`))]),
    escapeControl(`  can take over: ${ready.length === 0 ? none : ready.join(", ")}`),
    ...(unknown.length === 0 ? [] : [escapeControl(`  not asked: ${unknown.join(", ")}`)]),
    ...others.filter(({ uuid }) => !view.unasked.has(uuid)).map((spare) => spareLine(spare, view)),
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

function memberLines(
  member: ClusterMember,
  groups: readonly ClusterGroup[],
  { style, at, unasked }: View,
): string[] {
  const { host, uuid, address, isSelf, reach, why, version, problems, isWell } = member;
  const place = address === undefined ? "" : ` (${address})`;
  const head = `  ${host}${place}${isSelf ? ", this host" : ""}`;
  if (reach !== "answers") {
    const { metadata, wire } = member;
    const heard = wire === undefined ? "the wire: no advert from it as an owner" : wireText(wire, at);
    const state = unasked.has(uuid)
      ? style(
          "warn",
          "cannot be asked: nothing listens at its HTTP port (HTTP_LISTEN is 127.0.0.1 by default)",
        )
      : style("bad", escapeControl(`${reach.replace("-", " ")}, ${why}`));
    return [
      `${escapeControl(head)}: ${state}`,
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
    `    it reports groups unknown to this host: ${shown.join(", ")}${rest === 0 ? "" : `, and ${rest} more`}`,
  ];
}

function wireText({ owns, heardAt }: NonNullable<ClusterMember["wire"]>, at: string): string {
  const when = heardAt === undefined ? "" : `, heard ${durationText(elapsedMs(heardAt, at))} ago`;
  return `the wire: it owns ${owns.join(", ")}${when}`;
}
