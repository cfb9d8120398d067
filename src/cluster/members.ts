/** Each member of the cluster with what is known about it: from its own report, from metadata, and from its adverts. */
import type { MemberStatus } from "../metadata/member-status.ts";
import { distinctSuspicions } from "../split-brain/causes.ts";
import { isWell } from "../status/status.ts";
import type { ClusterMember, MemberGroup, MemberProblem, Reach } from "./cluster.ts";
import type { HealthReport, InstanceReport, MemberReport } from "./member-report.ts";

/** The result of asking a member's agent. */
export type MemberAnswer =
  | { readonly reach: "answers"; readonly report: MemberReport; readonly asOf: string }
  | { readonly reach: Exclude<Reach, "answers">; readonly why: string; readonly isClosed?: true };

/** The row of this host. */
export function ownMember(report: MemberReport, at: string): ClusterMember {
  const { host } = report;
  const address = report.instances.find(({ source }) => source !== undefined)?.source;
  return {
    host: host?.name ?? "this host",
    uuid: host?.uuid ?? "",
    address,
    isSelf: true,
    reach: "answers",
    why: undefined,
    isClosed: undefined,
    asOf: at,
    url: undefined,
    ...reported(report),
    metadata: undefined,
    wire: undefined,
  };
}

/** The row of another member. @param own what this host hears. */
export function otherMember(member: MemberStatus, answer: MemberAnswer, own: MemberReport): ClusterMember {
  const { host, uuid, addresses, url, presence } = member;
  const known = {
    host,
    uuid,
    address:
      url === undefined ? addresses[0] : (addresses.find((each) => url.includes(each)) ?? addresses[0]),
    isSelf: false,
    url,
    metadata: presence,
    wire: heardOf(uuid, own),
    isClosed: answer.reach === "answers" ? undefined : answer.isClosed,
  };
  if (answer.reach === "answers")
    return { ...known, reach: "answers", why: undefined, asOf: answer.asOf, ...reported(answer.report) };
  return { ...known, reach: answer.reach, why: answer.why, asOf: undefined, ...NOTHING_REPORTED };
}

type Reported = Pick<
  ClusterMember,
  "version" | "isWell" | "drained" | "metadataSource" | "problems" | "groups"
>;

const NOTHING_REPORTED: Reported = {
  version: undefined,
  isWell: undefined,
  drained: false,
  metadataSource: undefined,
  problems: [],
  groups: [],
};

function reported(report: MemberReport): Reported {
  const groups = groupsOf(report);
  return {
    version: report.agent.version,
    isWell: isWell(report),
    drained: groups.some(({ drainedBy }) => drainedBy !== undefined),
    metadataSource: report.metadata.source,
    problems: problemsOf(report),
    groups,
  };
}

function heardOf(uuid: string, { instances }: MemberReport): ClusterMember["wire"] {
  const owned = instances.filter(({ owner }) => owner?.uuid === uuid && !owner.isSelf);
  if (owned.length === 0) return undefined;
  const heard = owned.flatMap(({ owner }) => owner?.heardAt ?? []).toSorted();
  return { owns: owned.map(({ name }) => name), heardAt: heard.at(-1) };
}

function problemsOf({ problems, contradictions, splitBrain }: MemberReport): MemberProblem[] {
  return [
    ...distinctSuspicions(splitBrain).map(({ group, cause, text, hint, since }) => ({
      part: "split-brain",
      code: cause,
      message: `${group}: ${text}`,
      hint,
      since,
    })),
    ...contradictions
      .filter(({ isLasting }) => isLasting)
      .map(({ text, since }) => ({
        part: "contradiction",
        code: undefined,
        message: text,
        hint: undefined,
        since,
      })),
    ...problems.map(({ part, code, message, hint, since }) => ({ part, code, message, hint, since })),
  ];
}

/** The groups that run there, and those whose settings were refused before they ever ran. */
function groupsOf({ instances, health }: MemberReport): MemberGroup[] {
  const running = new Set(instances.map(({ name }) => name));
  const healthOf = new Map(health.map((one) => [one.group, one]));
  return [
    ...instances.map((instance) => runningGroup(instance, healthOf.get(instance.name))),
    ...health.filter(({ group }) => !running.has(group)).map(inactiveGroup),
  ];
}

function runningGroup(instance: InstanceReport, health: HealthReport | undefined): MemberGroup {
  const { name, state, since, priority, vips, owner, noOwner } = instance;
  const reasons = state === "MASTER" ? [] : reasonsOf(state, health);
  return { name, state, since, priority, vips, ...healthFields(health), reasons, owner, noOwner };
}

function inactiveGroup(health: HealthReport): MemberGroup {
  return {
    name: health.group,
    state: "INACTIVE",
    since: undefined,
    priority: undefined,
    vips: [],
    ...healthFields(health),
    reasons: ["keepalived does not run it there (yet)"],
    owner: undefined,
    noOwner: undefined,
  };
}

function healthFields(health: HealthReport | undefined) {
  return {
    isHealthy: health?.isHealthy,
    drainedBy: health?.drainedBy,
    heldBy: health?.heldBy,
    checks: (health?.checks ?? []).map(({ name, verdict, reason, since }) => ({
      name,
      verdict,
      reason,
      since,
    })),
  };
}

function reasonsOf(state: string, health: HealthReport | undefined): string[] {
  const failed = (health?.checks ?? []).filter(({ verdict }) => verdict === "unhealthy");
  const reasons = [
    ...(health?.drainedBy === undefined ? [] : [`drained by ${health.drainedBy}`]),
    ...(health?.heldBy === undefined ? [] : [`held back: ${health.heldBy}`]),
    ...failed.map(({ name, reason }) => `${name}: ${reason}`),
  ];
  if (reasons.length > 0) return reasons;
  if (health?.isHealthy === false) return ["unhealthy"];
  return state === "BACKUP" ? [] : [`its state is ${state}`];
}
