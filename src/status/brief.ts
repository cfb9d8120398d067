/** The status without the parts that grow with the number of members. Other hosts ask for it to show the cluster. */
import type { GroupStatus } from "./owner.ts";
import type { Status } from "./status.ts";

interface BriefStatus extends Omit<Status, "members" | "instances"> {
  readonly instances: readonly Omit<GroupStatus, "peers">[];
}

/** Without the members, and without the peers of each group: with 100 groups and 100 members those are 10,000 addresses. */
export function briefStatus({ members: _members, instances, ...rest }: Status): BriefStatus {
  return { ...rest, instances: instances.map(({ peers: _peers, ...instance }) => instance) };
}
