import { describe, expect, it } from "vitest";
import { acceptCompatible, type GroupCandidate } from "../../src/groups/group-conflict.ts";
import type { Instance } from "../../src/vrrp/instance.ts";
import { INSTANCE } from "../fixtures/desired.ts";

function candidate(name: string, change: Partial<Instance>): GroupCandidate {
  const path = `keepalived.instances.${name}`;
  return {
    instance: { ...INSTANCE, name, ...change },
    vipSource: { kind: "metadata", name: `${path}.virtual_ip` },
    vridSource: { kind: "metadata", name: `${path}.vrid` },
  };
}

const vip = (address: string) => ({ address, prefix: 32 });
const A = candidate("a", { virtualRouterId: 1, firstVip: vip("198.51.100.101"), excludedVips: [] });
const B = candidate("b", { virtualRouterId: 2, firstVip: vip("198.51.100.102"), excludedVips: [] });
const names = (instances: readonly Instance[]) => instances.map(({ name }) => name);

it("accepts groups that have nothing in common", () => {
  const { accepted, refused } = acceptCompatible([A, B], []);

  expect(names(accepted)).toEqual(["a", "b"]);
  expect(refused.size).toBe(0);
});

it("accepts one VRID on two interfaces, and for two address families", () => {
  const elsewhere = candidate("c", {
    virtualRouterId: 1,
    interface: "eth9",
    firstVip: vip("198.51.100.103"),
  });
  const ipv6 = candidate("d", { virtualRouterId: 1, firstVip: { address: "2001:db8::1", prefix: 128 } });
  const alone = [A, elsewhere, ipv6].map((each) => ({
    ...each,
    instance: { ...each.instance, excludedVips: [] },
  }));

  expect(acceptCompatible(alone, []).refused.size).toBe(0);
});

describe.each([
  {
    what: "a VRID on an interface",
    other: candidate("b", { virtualRouterId: 1, firstVip: vip("198.51.100.102"), excludedVips: [] }),
    says: [
      "VRID 1 on eth0",
      "keepalived.instances.a.vrid (service metadata)",
      "keepalived.instances.b.vrid (service metadata)",
    ],
  },
  {
    what: "a VIP",
    other: candidate("b", {
      virtualRouterId: 2,
      firstVip: vip("198.51.100.102"),
      excludedVips: [vip("198.51.100.101")],
    }),
    says: [
      "virtual IP 198.51.100.101",
      "keepalived.instances.a.virtual_ip (service metadata)",
      "keepalived.instances.b.virtual_ip (service metadata)",
    ],
  },
])("two groups with $what in common", ({ other, says }) => {
  it("are both refused where neither runs, and both places are named", () => {
    const { accepted, refused } = acceptCompatible([A, other], []);

    expect(accepted).toEqual([]);
    expect([...refused.keys()]).toEqual(["a", "b"]);
    expect(refused.get("b")).toMatchObject({ code: "GROUP_CONFLICT" });
    for (const text of says) expect(refused.get("b")?.message).toContain(text);
  });

  it("are refused beside a group that stays as it was", () => {
    const { accepted, refused } = acceptCompatible([other], [A.instance], [A.instance]);

    expect(accepted).toEqual([]);
    expect(refused.get("b")?.message).toContain("a as it runs");
  });

  it("leave the one that runs already", () => {
    const { accepted, refused } = acceptCompatible([A, other], [other.instance]);

    expect(names(accepted)).toEqual(["b"]);
    expect([...refused.keys()]).toEqual(["a"]);
  });
});

it("says that a VRID is derived where no setting gives it", () => {
  const derived = {
    ...candidate("b", { virtualRouterId: 1, firstVip: vip("198.51.101.1") }),
    vridSource: undefined,
  };
  const other = { ...derived, instance: { ...derived.instance, excludedVips: [] } };

  const { refused } = acceptCompatible([A, other], []);

  expect(refused.get("b")?.message).toContain("derived from 198.51.101.1");
});
