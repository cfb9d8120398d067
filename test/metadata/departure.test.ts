import { describe, expect, it } from "vitest";
import {
  membersToAsk,
  nextReadingMs,
  UNKNOWN_GRACE_MS,
  withoutStopped,
} from "../../src/metadata/departure.ts";
import type { Member } from "../../src/metadata/members.ts";
import { hearMember, updateMembership } from "../../src/metadata/membership.ts";
import type { Membership } from "../../src/metadata/membership-entry.ts";

const GRACE_MS = 30_000;
const [here, there]: [Member, Member] = [member("a", 1), member("b", 2)];

function member(hostUuid: string, number: number): Member {
  const address = `198.51.100.${number}`;
  return { hostUuid, hostName: `host-${hostUuid}`, address, groupAddresses: {}, formerAddresses: [] };
}

/** After a reading at `nowMs` that lacks a container on host b, and lists the hosts. */
function miss(before: Membership, nowMs: number, hosts: readonly string[] = ["a", "b"]): Membership {
  const reading = { nowMs, graceMs: GRACE_MS, isComplete: true, hostUuids: new Set(hosts) };
  return updateMembership(before, [here], reading);
}

const begun = updateMembership([], [here, there], { nowMs: 0, graceMs: GRACE_MS, isComplete: true });
const uuids = (membership: Membership) => membership.map((entry) => entry.member.hostUuid);
const stopped = new Set(["b"]);

describe("a silent member that metadata misses", () => {
  it.each([
    { what: "lists", hosts: ["a", "b"], longestMs: UNKNOWN_GRACE_MS.hostListed },
    { what: "does not list", hosts: ["a"], longestMs: UNKNOWN_GRACE_MS.hostUnlisted },
  ])("stays for hours while nothing is known of its host, which metadata $what", ({ hosts, longestMs }) => {
    let membership = begun;
    for (const nowMs of [1_000, 2_000, 1_800_000]) membership = miss(membership, nowMs, hosts);

    expect(uuids(membership)).toEqual(["a", "b"]);
    expect(uuids(miss(membership, 1_000 + longestMs - 1, hosts))).toEqual(["a", "b"]);
    expect(uuids(miss(membership, 1_000 + longestMs, hosts))).toEqual(["a"]);
  });

  it("is asked after two readings and the grace, and leaves where its host runs no VRRP", () => {
    const once = miss(begun, 1_000);
    const dueMs = 1_000 + GRACE_MS;
    expect(nextReadingMs(once, GRACE_MS, 1_000)).toBe(dueMs);
    expect(membersToAsk(once, GRACE_MS, dueMs)).toEqual([]);

    const twice = miss(once, dueMs);
    expect(membersToAsk(twice, GRACE_MS, dueMs - 1)).toEqual([]);
    expect(membersToAsk(twice, GRACE_MS, dueMs)).toEqual([there]);
    expect(uuids(withoutStopped(twice, stopped, GRACE_MS, dueMs))).toEqual(["a"]);
    expect(uuids(withoutStopped(twice, new Set(), GRACE_MS, dueMs))).toEqual(["a", "b"]);
  });

  it("is asked again every 30 s", () => {
    const twice = miss(miss(begun, 1_000), 31_000);

    expect(nextReadingMs(twice, GRACE_MS, 31_000)).toBe(61_000);
  });

  it("does not leave where it is heard, or listed again, before the answer comes", () => {
    const twice = miss(miss(begun, 1_000), 31_000);
    const heard = hearMember(twice, there, 31_500);
    const reading = { nowMs: 31_500, graceMs: GRACE_MS, isComplete: true };
    const listed = updateMembership(twice, [here, there], reading);

    for (const membership of [heard, listed])
      expect(uuids(withoutStopped(membership, stopped, GRACE_MS, 32_000))).toEqual(["a", "b"]);
  });

  it("is not asked while it is heard", () => {
    const heard = hearMember(miss(miss(begun, 1_000), 31_000), there, 31_000);

    expect(membersToAsk(heard, GRACE_MS, 31_000 + GRACE_MS - 1)).toEqual([]);
    expect(membersToAsk(heard, GRACE_MS, 31_000 + GRACE_MS)).toEqual([there]);
  });
});
