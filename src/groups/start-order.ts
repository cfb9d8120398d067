/**
 * Which host is first to offer itself as the owner of a group that nobody owns yet, so that several groups spread over
 * hosts that start together. A matter of a few seconds, once: hosts that see other members only lose the good spread.
 */
import type { Member } from "../metadata/members.ts";

/** From one host to the next, ms: what lies between the starts of hosts that are started together. */
const TURN_MS = 1_000;
/** Whoever comes later may be waiting for hosts that do not run. */
const LAST_TURN = 2;

/**
 * How long this host leaves the group to others, ms: 0 for the first. Where there is one group only, nobody waits.
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
  const turn = (place + members.length - (groups.indexOf(group) % members.length)) % members.length;
  return TURN_MS * Math.min(turn, LAST_TURN);
}
