/** What the first line of `status --all` says: whether the cluster is well, as far as its hosts can be asked. */
import type { Cluster, ClusterGroup, ClusterMember, ClusterTrouble } from "./cluster.ts";

/**
 * The hosts whose agents keep their HTTP to themselves, as HTTP_LISTEN does by default: each other host refuses connections,
 * and metadata says that its container runs. Where one of the others answers, a host that refuses has no agent.
 */
export function unaskedIn({ members }: Cluster): ReadonlySet<string> {
  const others = members.filter(({ isSelf }) => !isSelf);
  if (!others.every(({ isClosed }) => isClosed === true)) return new Set();
  return new Set(others.flatMap(({ uuid, metadata }) => (metadata === "running" ? [uuid] : [])));
}

/** That no spare is known says nothing while one of them cannot be asked. */
export function groupTrouble(
  { owner, trouble, spares }: ClusterGroup,
  unasked: ReadonlySet<string>,
): ClusterTrouble | undefined {
  const isDoubt = trouble?.level === "warning" && owner !== undefined;
  return isDoubt && spares.some(({ uuid }) => unasked.has(uuid)) ? undefined : trouble;
}

interface Troubles {
  readonly parts: readonly string[];
  readonly unaskedCount: number;
}

function troublesIn({ groups, members }: Cluster, unasked: ReadonlySet<string>): Troubles {
  const troubled = groups.filter((group) => groupTrouble(group, unasked) !== undefined);
  const silent = members.filter(({ reach, uuid }) => reach !== "answers" && !unasked.has(uuid));
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
  return { parts, unaskedCount: unasked.size };
}

/** With its tone. Not escaped: it has no text from outside. */
export function headline(cluster: Cluster, unasked: ReadonlySet<string>): ["good" | "warn" | "bad", string] {
  const { groups, members, isWell } = cluster;
  const { parts, unaskedCount } = troublesIn(cluster, unasked);
  const closed =
    unaskedCount === 0
      ? []
      : [
          `${countOf(unaskedCount, "host")} cannot be asked (HTTP_LISTEN is closed there, or no agent runs): run \`status\` on ${unaskedCount === 1 ? "it" : "each"}`,
        ];
  if (parts.length > 0) return ["bad", `NOT WELL: ${[...parts, ...closed].join(", ")}`];
  if (closed.length > 0) return ["warn", `this host is well; ${closed.join()}`];
  const isOff = members[0]?.metadataSource === "off";
  if (isOff && groups.some(({ unlistedPeers }) => unlistedPeers !== undefined))
    return ["warn", "this host is well; without metadata only it is shown: run `status` on its peers"];
  return isWell
    ? ["good", `well: ${countOf(members.length, "host")}, ${countOf(groups.length, "group")}`]
    : ["bad", "NOT WELL"];
}

/** The first word of the line of `--watch`. */
export function verdictWord(cluster: Cluster, unasked: ReadonlySet<string>): string {
  if (cluster.isWell) return "well";
  const { parts, unaskedCount } = troublesIn(cluster, unasked);
  return parts.length === 0 && unaskedCount > 0 ? "well here" : "NOT WELL";
}

function countOf(count: number, what: string): string {
  return `${count} ${what}${count === 1 ? "" : "s"}`;
}

/** Whether a drain that was ordered is all that keeps a host from being well, as its own `status` says it. */
export function isOnlyDrained({ drained, problems, groups }: ClusterMember): boolean {
  return (
    drained &&
    problems.every(({ part }) => part === "advice") &&
    groups.every(({ state, drainedBy }) => {
      return state === "MASTER" || state === "BACKUP" || (state === "FAULT" && drainedBy !== undefined);
    })
  );
}
