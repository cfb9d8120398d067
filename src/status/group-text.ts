/**
 * The groups in the text of `status`. If there are few, each has its own block. If there are many, a healthy one is one
 * line, and those in trouble come first.
 */

import { checkStep } from "../health/check-steps.ts";
import type { CheckStatus, GroupHealthStatus, HealthStatus } from "../health/status.ts";
import type { MemberStatus } from "../metadata/member-status.ts";
import { membersByAddress } from "../metadata/members-by-address.ts";
import { PRESENCE_TEXT } from "../metadata/presence-text.ts";
import { escapeControl } from "../text/escape.ts";
import { durationText, elapsedMs } from "../text/instant.ts";
import { compareNaturally } from "../text/natural-order.ts";
import type { Style } from "../text/style.ts";
import { type GroupStatus, isOwnerUnknown, OWNER_NOT_KNOWN, ownerText } from "./owner.ts";
import type { Status } from "./status.ts";

export interface StatusTextOptions {
  readonly style: Style;
  /** ISO 8601. Ages are relative to it. */
  readonly now: string;
}

/** Up to this many groups, each has its own block. */
const MAX_BLOCKS = 3;

interface Group {
  readonly name: string;
  /** Undefined for a group that keepalived does not run. */
  readonly instance: GroupStatus | undefined;
  readonly health: GroupHealthStatus | undefined;
  /** Another host may own its VIPs. */
  readonly isSuspected: boolean;
}

interface View extends StatusTextOptions {
  /** The words of all contradictions: an address among them may be where it should not be. */
  readonly doubted: ReadonlySet<string>;
}

/** Each block begins with an empty line. */
export function groupLines(status: Status, options: StatusTextOptions): string[] {
  const view = {
    ...options,
    doubted: new Set(status.contradictions.flatMap(({ text }) => text.split(/[\s,]+/))),
  };
  const groups = groupsOf(status);
  if (groups.length <= MAX_BLOCKS) return groups.flatMap((group) => blockOf(group, status, view));
  const ofRank = (rank: Rank) => groups.filter((group) => rankOf(group) === rank);
  return [
    ...ofRank("trouble").flatMap((group) => blockOf(group, status, view)),
    ...listed("drained", ofRank("drained"), view),
    ...listed("healthy", ofRank("healthy"), view),
    ...absentPeers(status, view),
  ];
}

function groupsOf({ instances, health, splitBrain }: Status): Group[] {
  const instanceOf = new Map(instances.map((instance) => [instance.name, instance]));
  const healthOf = new Map(health.map((one) => [one.group, one]));
  const suspected = new Set(splitBrain.map(({ group }) => group));
  const names = new Set([...instanceOf.keys(), ...healthOf.keys()]);
  return [...names].toSorted(compareNaturally).map((name) => ({
    name,
    instance: instanceOf.get(name),
    health: healthOf.get(name),
    isSuspected: suspected.has(name),
  }));
}

/** `drained`: it is well, but was drained here. */
type Rank = "trouble" | "drained" | "healthy";

function rankOf({ instance, health, isSuspected }: Group): Rank {
  if (instance === undefined || isSuspected || !passes(health)) return "trouble";
  if (health?.isDrained) return instance.state === "MASTER" ? "trouble" : "drained";
  const isOwnerless = instance.state === "BACKUP" && instance.noOwner !== undefined;
  return isSettled(instance) && !isOwnerless ? "healthy" : "trouble";
}

/** Whether nothing but a drain keeps the VIPs from this host. */
function passes(health: HealthStatus | undefined): boolean {
  if (health === undefined) return true;
  const { isHealthy, isDrained, heldBy, checks } = health;
  return (
    (isHealthy || isDrained) && heldBy === undefined && checks.every(({ verdict }) => verdict === "healthy")
  );
}

/** One line a group, in columns, below a line that counts them. */
function listed(rank: Rank, groups: readonly Group[], view: StatusTextOptions): string[] {
  const instances = groups.flatMap(({ instance }) => instance ?? []);
  if (instances.length === 0) return [];
  const width = Math.max(...instances.map(({ name }) => escapeControl(name).length));
  const owned = instances.filter(({ state }) => state === "MASTER").length;
  const count = `${instances.length} ${rank} ${instances.length === 1 ? "group" : "groups"}`;
  return [
    "",
    rank === "drained" ? view.style("warn", `${count}:`) : `${count}, ${owned} owned by this host:`,
    ...instances.map((instance) => {
      const { name, state, since, vips, owner, interface: link } = instance;
      const [firstVip = "", ...more] = vips;
      const duration = durationText(elapsedMs(since, view.now)).padEnd(8);
      const addresses = `${firstVip}${more.length === 0 ? "" : ` and ${more.length} more`} ${state === "MASTER" ? `on ${link}` : `(${link})`}`;
      const tone = state === "MASTER" ? "good" : "strong";
      const known = owner === undefined || owner.isSelf ? "" : `, owned by ${owner.host ?? owner.address}`;
      const ownedBy = isOwnerUnknown(instance) ? ", owner not known" : known;
      return `  ${escapeControl(name).padEnd(width)}  ${view.style(tone, escapeControl(state))} for ${duration}  ${escapeControl(`${addresses}${ownedBy}`)}`;
    }),
  ];
}

/** Each peer that is not there, once for all groups. */
function absentPeers({ members }: Status, { style }: StatusTextOptions): string[] {
  const absent = members.filter(({ presence }) => presence !== "running");
  if (absent.length === 0) return [];
  return [
    "",
    ...absent.map(({ host, presence }) =>
      style("warn", `peer ${escapeControl(host)}, ${PRESENCE_TEXT[presence]}`),
    ),
  ];
}

function blockOf({ name, instance, health, isSuspected }: Group, { members }: Status, view: View): string[] {
  if (instance === undefined) {
    return ["", escapeControl(`${name}: not active`), ...healthLines(health, view)];
  }
  return ["", ...instanceLines(instance, { isSuspected, members }, view), ...healthLines(health, view)];
}

function isSettled({ state }: GroupStatus): boolean {
  return state === "MASTER" || state === "BACKUP";
}

function instanceLines(
  instance: GroupStatus,
  { isSuspected, members }: Pick<Group, "isSuspected"> & Pick<Status, "members">,
  view: View,
): string[] {
  const { style, now } = view;
  const tone = isSuspected || !isSettled(instance) ? "bad" : instance.state === "MASTER" ? "good" : "strong";
  const source = instance.prioritySource === undefined ? "" : `, ${instance.prioritySource}`;
  return [
    `${escapeControl(instance.name)}: ${style(tone, escapeControl(instance.state))} for ${durationText(elapsedMs(instance.since, now))} ${style("faint", escapeControl(`(since ${instance.since})`))}`,
    escapeControl(`  VIPs      ${instance.vips.join(", ")} ${placeOf(instance, view)}`),
    escapeControl(`  VRRP      VRID ${instance.virtualRouterId}, priority ${instance.priority}${source}`),
    ...ownerLines(instance, view),
    escapeControl(instance.source === undefined ? "  multicast" : `  unicast   from ${instance.source}`),
    ...peerLines(instance, members, view),
  ];
}

/**
 * Where the VIPs are: on the owner. The kernel's addresses agree with that unless a contradiction names one of them, and
 * before keepalived's first report nothing is said.
 */
function placeOf({ state, vips, interface: link }: GroupStatus, { doubted }: View): string {
  if (state === "MASTER") return `on ${link}`;
  const isDoubtful = vips.some((vip) => doubted.has(vip.replace(/\/.*$/, "")));
  return state === "UNKNOWN" || isDoubtful ? `(${link})` : `(${link}), not on this host`;
}

function ownerLines(instance: GroupStatus, { style, now }: StatusTextOptions): string[] {
  if (isOwnerUnknown(instance)) return [style("warn", `  owner     ${OWNER_NOT_KNOWN}`)];
  const text = ownerText(instance, now);
  if (text === undefined) return [];
  const line = escapeControl(`  owner     ${text}`);
  return [instance.owner === undefined ? style("bad", line) : line];
}

function peerLines(
  { source, peers }: GroupStatus,
  members: readonly MemberStatus[],
  { style }: StatusTextOptions,
): string[] {
  if (source === undefined) return [];
  if (peers.length === 0) return ["  peers     none: this host is alone"];
  return peers.map((peer, index) => {
    const member = membersByAddress(members).get(peer);
    const head = index === 0 ? "  peers     " : "            ";
    if (member === undefined) return escapeControl(`${head}${peer}`);
    const presence = PRESENCE_TEXT[member.presence];
    const shown = member.presence === "running" ? presence : style("warn", presence);
    return `${escapeControl(`${head}${peer} ${member.host}, `)}${shown}`;
  });
}

function healthLines(health: HealthStatus | undefined, view: StatusTextOptions): string[] {
  if (health === undefined) return [];
  const tone = health.isHealthy && health.heldBy === undefined ? "good" : "warn";
  return [
    `  health    ${view.style(tone, escapeControl(healthText(health)))}`,
    ...health.checks.flatMap((check) => checkLines(check, view)),
  ];
}

/** The verdict, and the next step where it is not healthy. */
function checkLines(check: CheckStatus, { style, now }: StatusTextOptions): string[] {
  const { name, verdict, reason, since } = check;
  const step = checkStep(check);
  const tone = verdict === "healthy" ? "good" : verdict === "unhealthy" ? "bad" : "warn";
  const rest = escapeControl(` for ${durationText(elapsedMs(since, now))}: ${reason}`);
  return [
    `    ${escapeControl(name.padEnd(8))}${style(tone, verdict)}${rest}`,
    ...(step === undefined ? [] : [`      -> ${step}`]),
  ];
}

function healthText({ isHealthy, drainedBy, heldBy, checks }: HealthStatus): string {
  if (drainedBy !== undefined) return `drained by ${drainedBy}`;
  if (heldBy !== undefined) return `held back: ${heldBy}`;
  if (checks.length === 0) return "nothing is checked";
  return isHealthy ? "healthy" : "unhealthy";
}
