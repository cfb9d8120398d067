/** Puts the cluster together. */
import type { MemberStatus } from "../metadata/member-status.ts";
import { compareNaturally } from "../text/natural-order.ts";
import type { Cluster } from "./cluster.ts";
import { clusterGroups } from "./groups.ts";
import type { InstanceReport, MemberReport } from "./member-report.ts";
import { type MemberAnswer, otherMember, ownMember } from "./members.ts";

export interface ClusterInput {
  /** This host's own status. */
  readonly status: Omit<MemberReport, "instances"> & {
    readonly members: readonly MemberStatus[];
    readonly instances: readonly (InstanceReport & { readonly peers: readonly string[] })[];
  };
  /** By the uuid of the host. A member without one was not asked yet. */
  readonly answers: ReadonlyMap<string, MemberAnswer>;
  /** ISO 8601. */
  readonly at: string;
}

const NOT_ASKED: MemberAnswer = { reach: "not-reachable", why: "it has not been asked yet" };

export function deriveCluster({ status, answers, at }: ClusterInput): Cluster {
  const others = status.members
    .map((member) => otherMember(member, answers.get(member.uuid) ?? NOT_ASKED, status))
    .toSorted((a, b) => compareNaturally(a.host, b.host));
  const members = [ownMember(status, at), ...others];
  const listed = new Set(status.members.flatMap(({ addresses }) => addresses));
  const peers = new Map(
    status.instances.map(({ name, peers: all }) => {
      return [name, { all, unlisted: all.filter((peer) => !listed.has(peer)) }];
    }),
  );
  const groups = clusterGroups(members, peers, at);
  const isWell =
    members.every((member) => member.isWell === true) && groups.every(({ trouble }) => trouble === undefined);
  return { at, self: status.host?.uuid, members, groups, isWell };
}
