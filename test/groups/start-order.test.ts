import fc from "fast-check";
import { expect, it } from "vitest";
import { startDelayMs } from "../../src/groups/start-order.ts";
import type { Member } from "../../src/metadata/members.ts";

function members(count: number): Member[] {
  return Array.from({ length: count }, (_, index) => {
    const hostUuid = `uuid-${String(index).padStart(3, "0")}`;
    return { hostUuid, hostName: hostUuid, address: undefined, groupAddresses: {}, formerAddresses: [] };
  });
}

const names = (count: number) =>
  Array.from({ length: count }, (_, index) => `g${String(index).padStart(3, "0")}`);

it("lets no host wait where there is only one group", () => {
  for (const { hostUuid } of members(3)) {
    expect(startDelayMs("main", { groups: ["main"], members: members(3), hostUuid })).toBe(0);
  }
});

it("does not delay a host that is not among the members", () => {
  expect(startDelayMs("a", { groups: ["a", "b"], members: members(3), hostUuid: "stranger" })).toBe(0);
});

it("gives each group one host that comes first, and each host its share of groups", () => {
  fc.assert(
    fc.property(fc.integer({ min: 2, max: 60 }), fc.integer({ min: 1, max: 12 }), (groupCount, hostCount) => {
      const [groups, hosts] = [names(groupCount), members(hostCount)];
      const firsts = groups.map((group) =>
        hosts.filter(({ hostUuid }) => startDelayMs(group, { groups, members: hosts, hostUuid }) === 0),
      );

      expect(firsts.every((list) => list.length === 1)).toBe(true);
      const shares = hosts.map((host) => firsts.filter(([first]) => first === host).length);
      expect(Math.max(...shares) - Math.min(...shares)).toBeLessThanOrEqual(1);
    }),
  );
});

it("lets no host wait for longer than two seconds", () => {
  const delays = members(9).map(({ hostUuid }) =>
    startDelayMs("g000", { groups: names(2), members: members(9), hostUuid }),
  );

  expect(delays).toEqual([0, 1_000, 2_000, 2_000, 2_000, 2_000, 2_000, 2_000, 2_000]);
});
