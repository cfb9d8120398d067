import { describe, expect, it } from "vitest";
import type { Instance } from "../../src/vrrp/instance.ts";
import { describeChanges } from "../../src/vrrp/instance-changes.ts";
import { INSTANCE } from "../fixtures/desired.ts";

const BEFORE: Instance = {
  ...INSTANCE,
  name: "main",
  unicast: { source: "198.51.100.11", peers: ["198.51.100.12"], isAlone: false },
};
const withPeers = (...peers: string[]): Partial<Instance> => ({
  unicast: { source: "198.51.100.11", peers, isAlone: false },
});
const nameOf = (address: string) => (address === "198.51.100.13" ? "node-3" : undefined);

describe("what a configuration changes", () => {
  it.each<{ change: Partial<Instance>; says: string[] }>([
    { change: {}, says: [] },
    {
      change: withPeers("198.51.100.12", "198.51.100.13"),
      says: ["main: peer 198.51.100.13 (node-3) added"],
    },
    {
      change: withPeers("198.51.100.13", "198.51.100.14"),
      says: ["main: peers 198.51.100.13 (node-3) and 198.51.100.14 added, peer 198.51.100.12 removed"],
    },
    {
      change: { unicast: { source: "198.51.100.11", peers: ["198.51.100.11"], isAlone: true } },
      says: ["main: peer 198.51.100.12 removed"],
    },
    { change: { priority: 7 }, says: [`main: priority ${INSTANCE.priority} -> 7`] },
    {
      change: { preempt: !INSTANCE.preempt },
      says: [`main: preempt ${INSTANCE.preempt} -> ${!INSTANCE.preempt}`],
    },
    {
      change: { advertIntervalSeconds: 3 },
      says: [`main: advert interval ${INSTANCE.advertIntervalSeconds} s -> 3 s`],
    },
    {
      change: { virtualRouterId: 9, interface: "eth9" },
      says: ["main: VRID 50 -> 9, interface eth0 -> eth9"],
    },
    {
      change: { excludedVips: [{ address: "198.51.100.99", prefix: 32 }] },
      says: ["main: VIP 198.51.100.99/32 added"],
    },
    {
      change: { unicast: undefined },
      says: ["main: peer 198.51.100.12 removed, transport unicast -> multicast"],
    },
  ])("is $says", ({ change, says }) => {
    expect(describeChanges([BEFORE], [{ ...BEFORE, ...change }], nameOf)).toEqual(says);
  });

  it("has groups that begin and end, and never a password", () => {
    const secret = { ...BEFORE, authPass: "s3cret" };

    expect(describeChanges([], [BEFORE])).toEqual([
      `main begins (198.51.100.50, VRID 50, priority ${INSTANCE.priority}, 1 peer)`,
    ]);
    expect(describeChanges([BEFORE], [])).toEqual(["main ends"]);
    expect(describeChanges([BEFORE], [secret])).toEqual(["main: password changed"]);
  });

  it("stays short, however many groups and peers change", () => {
    const groups = (count: number, peers: number) =>
      Array.from({ length: count }, (_, index) => ({
        ...BEFORE,
        ...withPeers(...Array.from({ length: peers }, (_peer, one) => `198.51.100.${one}`)),
        name: `g${String(index).padStart(3, "0")}`,
      }));
    const said = describeChanges(groups(255, 1), groups(255, 99));

    expect(said).toHaveLength(9);
    expect(said.at(-1)).toBe("and 247 more groups");
    expect(said.join().length).toBeLessThan(1_500);
  });
});
