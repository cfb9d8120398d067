import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { deriveInstance, deriveRouterId } from "../../src/groups/derive-instance.ts";
import type { GroupContext } from "../../src/groups/group-context.ts";
import type { Member } from "../../src/metadata/members.ts";
import type { HostNetwork } from "../../src/network/host-network.ts";
import { resolveGroup } from "../../src/settings/resolve-group.ts";
import { parseSettings } from "../../src/settings/settings.ts";

const network: HostNetwork = {
  interfaces: [
    { name: "lo", isLoopback: true, addresses: [{ address: "127.0.0.1", prefix: 8, isSecondary: false }] },
    {
      name: "eth0",
      isLoopback: false,
      addresses: [
        { address: "198.51.100.11", prefix: 24, isSecondary: false },
        { address: "2001:db8::11", prefix: 64, isSecondary: false },
      ],
    },
    {
      name: "eth1",
      isLoopback: false,
      addresses: [{ address: "10.9.0.11", prefix: 24, isSecondary: false }],
    },
    {
      name: "docker0",
      isLoopback: false,
      isForContainers: true,
      addresses: [{ address: "172.17.0.1", prefix: 16, isSecondary: false }],
    },
  ],
  defaultRoute: { ipv4: "eth0", ipv6: "eth0" },
};

function member(number: number, address = `198.51.100.${10 + number}`): Member {
  const hostName = `host-${number}`;
  return { hostUuid: `uuid-${number}`, hostName, address, groupAddresses: {}, formerAddresses: [] };
}

const about: GroupContext = {
  group: "main",
  hostUuid: "uuid-1",
  agentIp: "198.51.100.11",
  members: [member(1), member(2), member(3)],
  network,
};

function derive(env: Record<string, string>, change: Partial<GroupContext> = {}) {
  const { group } = resolveGroup("main", parseSettings(env), {}, {});
  return deriveInstance(group, { ...about, ...change }).instance;
}

describe("deriveInstance", () => {
  it("derives everything from one VIP, metadata and the host network", () => {
    expect(derive({ VIRTUAL_IP: "198.51.100.50" })).toEqual({
      name: "main",
      interface: "eth0",
      virtualRouterId: 50,
      priority: expect.any(Number),
      advertIntervalSeconds: 0.2,
      vrrpVersion: 3,
      preempt: false,
      preemptDelaySeconds: 0,
      unicast: { source: "198.51.100.11", peers: ["198.51.100.12", "198.51.100.13"], isAlone: false },
      firstVip: { address: "198.51.100.50", prefix: 32 },
      excludedVips: [],
      authPass: undefined,
    });
  });

  it("advertises the first VIP alone and sorts the others", () => {
    const { firstVip, excludedVips } = derive({
      VIRTUAL_IP: "198.51.100.50, 198.51.100.9/24 2001:db8::50",
      VIRTUAL_MASK: "28",
    });

    expect(firstVip).toEqual({ address: "198.51.100.50", prefix: 28 });
    expect(excludedVips).toEqual([
      { address: "198.51.100.9", prefix: 24 },
      { address: "2001:db8::50", prefix: 128 },
    ]);
  });

  it("takes a mask above 32 for IPv6 VIPs only", () => {
    const { firstVip, excludedVips } = derive({
      VIRTUAL_IP: "198.51.100.50 2001:db8::50",
      VIRTUAL_MASK: "64",
    });

    expect([firstVip.prefix, excludedVips[0]?.prefix]).toEqual([32, 64]);
  });

  it("is alone with its own address as the one peer", () => {
    expect(derive({ VIRTUAL_IP: "198.51.100.50" }, { members: [member(1)] }).unicast).toEqual({
      source: "198.51.100.11",
      peers: ["198.51.100.11"],
      isAlone: true,
    });
  });

  it.each([
    { why: "agent_ip where it is local", agentIp: "10.9.0.11", env: {}, want: "10.9.0.11" },
    {
      why: "an address of the interface where agent_ip is not local",
      agentIp: "203.0.113.5",
      env: {},
      want: "198.51.100.11",
    },
    {
      why: "the setting",
      agentIp: "198.51.100.11",
      env: { UNICAST_SRC_IP: "10.9.0.11" },
      want: "10.9.0.11",
    },
  ])("sends from $why", ({ agentIp, env, want }) => {
    const instance = derive({ VIRTUAL_IP: "198.51.100.50", ...env }, { agentIp, members: [member(2)] });

    expect(instance.unicast?.source).toBe(want);
  });

  it("never sends from a VIP, and never has a VIP or its own address as a peer", () => {
    const withVip: HostNetwork = {
      ...network,
      interfaces: [
        {
          name: "eth0",
          isLoopback: false,
          addresses: [
            { address: "198.51.100.50", prefix: 24, isSecondary: true },
            { address: "198.51.100.11", prefix: 24, isSecondary: false },
          ],
        },
      ],
    };
    const env = {
      VIRTUAL_IP: "198.51.100.50/24",
      UNICAST_PEERS: "198.51.100.50 198.51.100.11 198.51.100.20",
    };

    expect(derive(env, { network: withVip, agentIp: undefined, members: [] }).unicast).toEqual({
      source: "198.51.100.11",
      peers: ["198.51.100.20"],
      isAlone: false,
    });
  });

  it("has no peers with multicast", () => {
    expect(derive({ VIRTUAL_IP: "198.51.100.50", UNICAST: "false" }).unicast).toBeUndefined();
  });

  it.each([
    { code: "VIP_MISSING", env: {}, change: {} },
    { code: "VRID_UNKNOWN", env: { VIRTUAL_IP: "203.0.113.0" }, change: {} },
    { code: "INTERFACE_UNKNOWN", env: { VIRTUAL_IP: "198.51.100.50", INTERFACE: "eth7" }, change: {} },
    {
      code: "INTERFACE_UNKNOWN",
      env: { VIRTUAL_IP: "203.0.113.1" },
      change: { agentIp: undefined, network: { interfaces: [], defaultRoute: {} } },
    },
    {
      code: "SOURCE_UNKNOWN",
      env: { VIRTUAL_IP: "198.51.100.50", UNICAST_SRC_IP: "203.0.113.9" },
      change: {},
    },
    { code: "SOURCE_UNKNOWN", env: { VIRTUAL_IP: "2001:db8::50", INTERFACE: "docker0" }, change: {} },
    { code: "PEER_ADDRESS_UNUSABLE", env: { VIRTUAL_IP: "2001:db8::50" }, change: {} },
    { code: "VIP_CONFLICT", env: { VIRTUAL_IP: "198.51.100.12" }, change: {} },
    { code: "VIP_CONFLICT", env: { VIRTUAL_IP: "198.51.100.50 198.51.100.11" }, change: {} },
    {
      code: "VIP_CONFLICT",
      env: { VIRTUAL_IP: "198.51.100.50", UNICAST_PEERS: "198.51.100.51" },
      change: { members: [member(2, "198.51.100.50")] },
    },
    { code: "VIP_CONFLICT", env: { VIRTUAL_IP: "172.17.0.1" }, change: {} },
    {
      code: "SOURCE_UNKNOWN",
      env: { VIRTUAL_IP: "198.51.100.50", UNICAST_SRC_IP: "172.17.0.1" },
      change: {},
    },
    {
      code: "SOURCE_UNKNOWN",
      env: { VIRTUAL_IP: "198.51.100.50", INTERFACE: "docker0" },
      change: { agentIp: undefined },
    },
  ])("refuses with $code: $env", ({ code, env, change }) => {
    expect(() => derive(env, change)).toThrow(expect.objectContaining({ code }));
  });

  it.each([
    { why: "no address", address: undefined },
    { why: "docker0's address", address: "172.17.0.1" },
    { why: "an address of this host", address: "198.51.100.11" },
  ])("leaves out a member that is listed with $why: it holds itself back", ({ address }) => {
    const members = [member(1), { ...member(2), address }, member(3)];

    expect(derive({ VIRTUAL_IP: "198.51.100.50" }, { members }).unicast?.peers).toEqual(["198.51.100.13"]);
  });

  it("sends from the interface's address where its own agent_ip is docker0's", () => {
    const members = [member(1, "172.17.0.1"), member(2)];
    const { unicast } = derive({ VIRTUAL_IP: "198.51.100.50" }, { members, agentIp: "172.17.0.1" });

    expect(unicast).toEqual({ source: "198.51.100.11", peers: ["198.51.100.12"], isAlone: false });
  });

  it("sends to a peer's address for the group, and to its former addresses", () => {
    const second = { ...member(2), groupAddresses: { main: "198.51.100.72", web: "198.51.100.82" } };
    const third = { ...member(3), formerAddresses: ["198.51.100.73", "2001:db8::73", "198.51.100.11"] };

    const { unicast } = derive({ VIRTUAL_IP: "198.51.100.50" }, { members: [member(1), second, third] });

    expect(unicast?.peers).toEqual(["198.51.100.13", "198.51.100.72", "198.51.100.73"]);
  });

  it("names the place that sets a VIP which is a peer's address", () => {
    expect(() => derive({ VIRTUAL_IP: "198.51.100.12" })).toThrow(
      "the virtual IP 198.51.100.12 of VIRTUAL_IP (environment) is also the address of host-2",
    );
  });

  it("sends once to an address that two registrations of one machine have", () => {
    const members = [member(1), member(2), { ...member(3, "198.51.100.12"), hostName: "host-2 before" }];

    expect(derive({ VIRTUAL_IP: "198.51.100.50" }, { members }).unicast?.peers).toEqual(["198.51.100.12"]);
  });

  it("derives the same for every order of members", () => {
    const members = Array.from({ length: 8 }, (_, index) => member(index + 1));
    const want = derive({ VIRTUAL_IP: "198.51.100.50" }, { members });

    fc.assert(
      fc.property(fc.shuffledSubarray(members, { minLength: 8 }), (shuffled) => {
        expect(derive({ VIRTUAL_IP: "198.51.100.50" }, { members: shuffled })).toEqual(want);
      }),
    );
  });

  it("derives VRID, priority, interface and source independently of the other members", () => {
    const alone = derive({ VIRTUAL_IP: "198.51.100.50" }, { members: [] });
    const among = derive({ VIRTUAL_IP: "198.51.100.50" });

    expect({ ...among, unicast: among.unicast?.source }).toEqual({
      ...alone,
      unicast: alone.unicast?.source,
    });
  });
});

describe("an IPv6 source", () => {
  const eth0 = (address: string, flaw?: "tentative") => ({
    name: "eth0",
    isLoopback: false,
    addresses: [{ address, prefix: 64, isSecondary: false, ...(flaw && { flaw }) }],
  });
  const deriveOn = (env: Record<string, string>, interfaces: HostNetwork["interfaces"]) =>
    derive(
      { VIRTUAL_IP: "2001:db8::50", INTERFACE: "eth0", ...env },
      { network: { interfaces, defaultRoute: {} }, agentIp: undefined, members: [] },
    );

  it("is not used before duplicate address detection has ended", () => {
    const tentative = [eth0("2001:db8::11", "tentative")];

    expect(() => deriveOn({ UNICAST_SRC_IP: "2001:db8::11" }, tentative)).toThrow(
      /duplicate address detection/,
    );
    expect(() => deriveOn({}, tentative)).toThrow(expect.objectContaining({ code: "SOURCE_UNKNOWN" }));
  });

  it("that is link-local must be on the instance's interface", () => {
    const other = { ...eth0("fe80::2"), name: "eth1" };
    const interfaces = [eth0("fe80::1"), other];

    expect(deriveOn({ UNICAST_SRC_IP: "fe80::1" }, interfaces).unicast?.source).toBe("fe80::1");
    expect(() => deriveOn({ UNICAST_SRC_IP: "fe80::2" }, interfaces)).toThrow("link-local, but not on eth0");
  });
});

it("writes the kernel's name of an interface that is set by an alternative name", () => {
  const interfaces = network.interfaces.map((link) =>
    link.name === "eth0" ? { ...link, altNames: ["lan"] } : link,
  );
  const env = { VIRTUAL_IP: "198.51.100.50", INTERFACE: "lan" };

  expect(derive(env, { network: { ...network, interfaces } }).interface).toBe("eth0");
});

it.each([
  { name: "node-1.example", want: "node-1.example" },
  { name: "bad name\n{#}", want: "bad-name----" },
  { name: "", want: "rancher-host" },
])("writes $name as router_id $want", ({ name, want }) => {
  expect(deriveRouterId(name)).toBe(want);
});
