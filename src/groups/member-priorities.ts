/** The VRRP priorities of the other members of a group, as each of them derives its own. */
import { addressInGroup } from "../metadata/members.ts";
import type { Host } from "../metadata/snapshot.ts";
import type { MetadataView } from "../metadata/view.ts";
import { resolveGroup } from "../settings/resolve-group.ts";
import type { Settings } from "../settings/settings.ts";
import { derivePriority } from "./shared-numbers.ts";

/** A member, the addresses that it may send from in the group, and its priority there. */
export interface MemberPriority {
  readonly addresses: readonly string[];
  readonly priority: number;
}

/** For all groups, or for one. */
const PRIORITY_LABEL = /^keepalived\.(.*\.)?priority$/i;

/** @param settings of this host: all hosts of the service have the same environment. */
export function memberPriorities(
  group: string,
  settings: Settings,
  { snapshot, members }: MetadataView,
): MemberPriority[] {
  const { self, service } = snapshot;
  const hosts = new Map(snapshot.hosts.map((host) => [host.uuid, host]));
  const priorityWith = (labels: Host["labels"]) =>
    resolveGroup(group, settings, labels, service.metadata).group.priority?.value;
  const withoutLabels = priorityWith({});
  return members.flatMap((member): MemberPriority[] => {
    if (member.hostUuid === self.uuid) return [];
    const labels = hosts.get(member.hostUuid)?.labels ?? {};
    const isLabelled = Object.keys(labels).some((label) => PRIORITY_LABEL.test(label));
    const priority = isLabelled ? priorityWith(labels) : withoutLabels;
    const address = addressInGroup(group, member);
    return [
      {
        addresses: [...(address === undefined ? [] : [address]), ...member.formerAddresses],
        priority: priority ?? derivePriority(group, member.hostUuid),
      },
    ];
  });
}
