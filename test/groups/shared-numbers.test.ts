import fc from "fast-check";
import { expect, it } from "vitest";
import { derivePriority, deriveVirtualRouterId, stableHash } from "../../src/groups/shared-numbers.ts";

/** What 0.1.0 and earlier builds derive. */
function formerPriority(group: string, hostUuid: string): number {
  return 200 + (stableHash(`${group}\n${hostUuid}`) % 55);
}

// Hosts of different versions must agree for ever: these values may never change.
it.each([
  { text: "", want: 2872998923 },
  { text: "main", want: 3652742172 },
  { text: "main\n86b21f08-e33e-5728-b677-f855d09fa9f1", want: 2465515421 },
])("keeps the hash of $text", ({ text, want }) => {
  expect(stableHash(text)).toBe(want);
});

it("keeps the priorities of two known hosts", () => {
  const uuids = ["e3d3bd2b-2f7e-510a-8e65-3b69af69a0e9", "e97f619c-82c8-59b3-ab1e-e947a335586d"];

  expect(uuids.map((uuid) => formerPriority("main", uuid))).toEqual([247, 232]);
  expect(uuids.map((uuid) => derivePriority("main", uuid))).toEqual([252, 248]);
});

it("derives 240-254 for every group and host", () => {
  fc.assert(
    fc.property(fc.string(), fc.uuid(), (group, uuid) => {
      const priority = derivePriority(group, uuid);
      return Number.isInteger(priority) && priority >= 240 && priority <= 254;
    }),
  );
});

it("derives each of the numbers for 1 in 18 to 1 in 14 of the ranks", () => {
  const uuids = Array.from({ length: 55_000 }, (_, number) => `host-${number}`);
  const counts = Map.groupBy(uuids, (uuid) => derivePriority("main", uuid));
  const shares = [...counts.values()].map(({ length }) => length / uuids.length);

  expect([...counts.keys()].sort()).toEqual(Array.from({ length: 15 }, (_, index) => 240 + index));
  expect(Math.min(...shares)).toBeGreaterThan(1 / 20);
  expect(Math.max(...shares)).toBeLessThan(1 / 13);
});

it("prefers the host that earlier versions prefer, and is never below their number", () => {
  fc.assert(
    fc.property(fc.string(), fc.uuid(), fc.uuid(), (group, one, other) => {
      const [was, wasOther] = [formerPriority(group, one), formerPriority(group, other)];
      const [is, isOther] = [derivePriority(group, one), derivePriority(group, other)];
      return is >= was && (was <= wasOther ? is <= isOther : is >= isOther);
    }),
  );
});

it("spreads 300 groups over three hosts, none below a fifth", () => {
  const hosts = ["host-a", "host-b", "host-c"];
  const wins = new Map(hosts.map((host) => [host, 0]));
  for (let group = 0; group < 300; group += 1) {
    const [best = ""] = hosts.toSorted(
      (a, b) => derivePriority(`g${group}`, b) - derivePriority(`g${group}`, a),
    );
    wins.set(best, (wins.get(best) ?? 0) + 1);
  }

  expect(Math.min(...wins.values())).toBeGreaterThan(60);
});

it("reads the VRID off every last octet but 0", () => {
  for (let octet = 1; octet <= 255; octet += 1) expect(deriveVirtualRouterId(`10.0.0.${octet}`)).toBe(octet);
});

it("refuses to derive a VRID where the last octet is 0", () => {
  expect(() => deriveVirtualRouterId("10.0.1.0")).toThrow(expect.objectContaining({ code: "VRID_UNKNOWN" }));
});

it("hashes an IPv6 address into 1-255", () => {
  fc.assert(
    fc.property(fc.ipV6(), (address) => {
      const vrid = deriveVirtualRouterId(address);
      return vrid >= 1 && vrid <= 255 && vrid === deriveVirtualRouterId(address);
    }),
  );
});
