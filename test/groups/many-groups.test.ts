/** Work that grows with the number of groups grows in proportion. 255 groups are possible, and each change passes here. */
import { expect, it, vi } from "vitest";
import { acceptCompatible } from "../../src/groups/group-conflict.ts";
import { resolveGroups } from "../../src/groups/resolved-groups.ts";
import { findPredecessors } from "../../src/planned-change/predecessor.ts";
import { parseSettings } from "../../src/settings/settings.ts";
import type { Instance } from "../../src/vrrp/instance.ts";
import { describeChanges } from "../../src/vrrp/instance-changes.ts";
import { growthOf } from "../fixtures/count-reads.ts";
import { INSTANCE } from "../fixtures/desired.ts";
import { viewOf } from "../fixtures/groups.ts";

/** Four times as many groups take four times the work; with a comparison of each with each it would be 16 times. */
const IN_PROPORTION = 5;

function instances(count: number, change: (number: number) => Partial<Instance> = () => ({})): Instance[] {
  return Array.from({ length: count }, (_, number) => ({
    ...INSTANCE,
    name: `group-${number}`,
    virtualRouterId: 1 + number,
    firstVip: { address: `198.51.100.${number}`, prefix: 32 },
    ...change(number),
  }));
}

it("finds conflicts without a comparison of each group with each", () => {
  const candidatesOf = (count: number) =>
    instances(count).map((instance) => ({
      instance,
      vipSource: { kind: "default", name: "" } as const,
      vridSource: undefined,
    }));

  expect(growthOf(candidatesOf, (candidates) => acceptCompatible(candidates, []))).toBeLessThan(
    IN_PROPORTION,
  );
  expect(acceptCompatible(candidatesOf(200), []).refused.size).toBe(0);
});

it("finds conflicts with the groups that stay as they run in the same way", () => {
  const candidates = instances(1).map((instance) => ({
    instance: { ...instance, name: "late", virtualRouterId: 255 },
    vipSource: { kind: "default", name: "A" } as const,
    vridSource: undefined,
  }));

  const { refused } = acceptCompatible(candidates, [], instances(200).toReversed());

  expect(refused.get("late")?.message).toContain(
    "groups late and group-0 both have the virtual IP 198.51.100.0",
  );
});

it("resolves the settings of each group from its own keys alone", () => {
  const startsWith = vi.spyOn(String.prototype, "startsWith");
  const callsFor = (count: number): number => {
    const named = instances(count).map(({ name }, number) => [
      name,
      { virtual_ip: `198.51.100.${number}`, vrid: 1 + number },
    ]);
    const { snapshot } = viewOf({ instances: Object.fromEntries(named) }, { "keepalived.web.priority": "7" });
    startsWith.mockClear();
    expect(resolveGroups(parseSettings({}), snapshot, []).named.size).toBe(count);
    return startsWith.mock.calls.length;
  };
  const growth = callsFor(200) / callsFor(50);
  startsWith.mockRestore();

  expect(growth).toBeLessThan(IN_PROPORTION);
});

it("finds what each group was without a search of all, also where all are renamed", () => {
  const inputOf = (count: number) => ({
    desired: { routerId: "", instances: instances(count) },
    inForce: instances(count, (number) => ({ name: `former-${number}` })),
  });
  const findAll = ({ desired, inForce }: ReturnType<typeof inputOf>) => {
    const predecessorOf = findPredecessors(desired, inForce);
    return desired.instances.map((instance) => predecessorOf(instance)?.name);
  };

  expect(growthOf(inputOf, findAll)).toBeLessThan(IN_PROPORTION);
  expect(findAll(inputOf(3))).toEqual(["former-0", "former-1", "former-2"]);
});

it("describes a change of the peers without a comparison of each with each", () => {
  const peers = (count: number, from: number) =>
    Array.from({ length: count }, (_, index) => `10.0.${(from + index) >> 8}.${(from + index) & 255}`);
  const withPeers = (count: number, from: number) => [
    { ...INSTANCE, unicast: { source: "10.9.9.9", peers: peers(count, from), isAlone: false } },
  ];
  const nameOf = vi.fn((address: string) => `name of ${address}`);

  const [said] = describeChanges(withPeers(1_000, 0), withPeers(1_000, 1), nameOf);

  expect(said).toBe(
    "main: peer 10.0.3.232 (name of 10.0.3.232) added, peer 10.0.0.0 (name of 10.0.0.0) removed",
  );
  // each name is a search of all members
  expect(nameOf).toHaveBeenCalledTimes(2);
});
