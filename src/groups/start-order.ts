/**
 * The order in which hosts that start together offer themselves as owner of a group that has no owner yet.
 *
 * Each group begins with another host, so several groups spread over the hosts. The order matters once, for a few
 * seconds. Hosts that see different members lose the spread and nothing else.
 */
import type { Member } from "../metadata/members.ts";

/** Each host waits this much longer than the one before it. Hosts that are started together start less far apart. */
const STEP_MS = 1_000;
/** Hosts further down the order do not wait longer: those before them may be down. */
const LONGEST_WAIT_STEPS = 2;

/**
 * How long this host leaves the group to others: 0 for the first in the order, and for the only group.
 *
 * @param groups names of all groups, sorted.
 * @param members sorted by host uuid, with this host.
 */
export function startDelayMs(
  group: string,
  { groups, members, hostUuid }: { groups: readonly string[]; members: readonly Member[]; hostUuid: string },
): number {
  const place = members.findIndex((member) => member.hostUuid === hostUuid);
  if (groups.length < 2 || place === -1) return 0;
  const steps = (place + members.length - (groups.indexOf(group) % members.length)) % members.length;
  return STEP_MS * Math.min(steps, LONGEST_WAIT_STEPS);
}
