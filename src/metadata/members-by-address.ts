/** Members by their addresses. It is in a file of its own, so that `status` loads nothing that parses addresses. */
import type { MemberStatus } from "./member-status.ts";

const indexes = new WeakMap<readonly MemberStatus[], ReadonlyMap<string, MemberStatus>>();

/** The member that has each address. The list is walked once, not once for each group and peer. */
export function membersByAddress(members: readonly MemberStatus[]): ReadonlyMap<string, MemberStatus> {
  const known = indexes.get(members);
  if (known !== undefined) return known;
  // of several members with one address the first one counts
  const index = new Map(
    members.toReversed().flatMap((member) => member.addresses.map((address) => [address, member] as const)),
  );
  indexes.set(members, index);
  return index;
}
