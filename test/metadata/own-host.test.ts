import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { AgentError } from "../../src/errors.ts";
import { findOwnHost, type MachineIdentity } from "../../src/metadata/own-host.ts";
import type { Host } from "../../src/metadata/snapshot.ts";

function host(uuid: string, agentIp: string, hostname: string, environmentUuid = "env"): Host {
  return { uuid, name: uuid, hostname, agentIp, environmentUuid, agentState: "active", labels: {} };
}

const a = host("a", "10.0.0.1", "node-a.example");
const b = host("b", "10.0.0.2", "node-b.example");
const c = host("c", "10.0.0.3", "node-c.example");
const all = [a, b, c];
const onA: MachineIdentity = { hostName: "node-a", addresses: ["127.0.0.1", "10.0.0.1", "172.17.0.1"] };
const onTwoNetworks: MachineIdentity = { ...onA, addresses: ["10.0.0.1", "10.0.7.1"] };
/** Behind NAT: Rancher knows an address that no interface has. */
const natA: MachineIdentity = { hostName: "node-a", addresses: ["192.168.7.4", "172.17.0.1"] };

function labelled(host: Host, name: string, value: string): Host {
  return { ...host, labels: { [name]: value } };
}

/** Three hosts that all registered docker0's address. */
function dockerHosts(hostname?: string): Host[] {
  return ["h1", "h2", "h3"].map((uuid) => host(uuid, "172.17.0.1", hostname ?? uuid));
}

/** A host beside rancher/server: the second registered docker0's address, so all are told that they are that one. */
const [h1, h2, h3] = [
  host("h1", "192.0.2.11", "h1"),
  host("h2", "172.17.0.1", "h2"),
  host("h3", "192.0.2.13", "h3"),
];

interface Case {
  why: string;
  selfHost?: Host | undefined;
  hosts?: Host[];
  local: MachineIdentity;
  want: string;
  by: string;
}

describe("this host is found", () => {
  it.each<Case>([
    { why: "self/host has a local address", selfHost: a, local: onA, want: "a", by: "address" },
    { why: "self/host is missing and one address is local", local: onA, want: "a", by: "address" },
    {
      why: "the address decides although the name is another's",
      selfHost: a,
      local: { ...onA, hostName: "node-b" },
      want: "a",
      by: "address",
    },
    {
      why: "an IPv6 address is written in another way",
      hosts: [host("a", "2001:DB8::0:1", "x"), b],
      local: { ...onA, addresses: ["2001:db8::1"] },
      want: "a",
      by: "address",
    },
    { why: "behind NAT, by name", selfHost: a, local: natA, want: "a", by: "name" },
    { why: "behind NAT, by name, without self/host", local: natA, want: "a", by: "name" },
    {
      why: "the name differs in case only",
      local: { ...natA, hostName: "NODE-A.Example" },
      want: "a",
      by: "name",
    },
    {
      why: "Rancher knows the short name",
      hosts: [host("a", "203.0.113.1", "node-a"), b],
      local: { ...natA, hostName: "node-a.example" },
      want: "a",
      by: "name",
    },
    {
      why: "two hosts registered one address",
      hosts: [a, host("d", a.agentIp, "node-d")],
      local: onA,
      want: "a",
      by: "address",
    },
    {
      why: "re-registered: the old entry is still listed",
      selfHost: host("a2", a.agentIp, a.hostname),
      hosts: [...all, host("a2", a.agentIp, a.hostname)],
      local: { ...onA, rememberedHostUuid: "a" },
      want: "a2",
      by: "address",
    },
    {
      why: "moved to a linked environment that still lists the old entry",
      selfHost: host("a2", a.agentIp, a.hostname, "linked"),
      hosts: [...all, host("a2", a.agentIp, a.hostname, "linked")],
      local: { ...onA, rememberedHostUuid: "a" },
      want: "a2",
      by: "address",
    },
    {
      why: "HOST_UUID outweighs everything",
      selfHost: a,
      local: { ...onA, hostUuid: "c" },
      want: "c",
      by: "uuid",
    },
    {
      why: "nothing fits, but it was known",
      selfHost: b,
      local: { hostName: "renamed", addresses: [], rememberedHostUuid: "a" },
      want: "a",
      by: "known",
    },
    {
      why: "twins in name, one of them known",
      hosts: [host("x", "203.0.113.1", "localhost"), host("y", "203.0.113.2", "localhost")],
      local: { hostName: "localhost", addresses: [], rememberedHostUuid: "y" },
      want: "y",
      by: "known",
    },
    {
      why: "a host of a linked environment has the same address",
      selfHost: c,
      hosts: [...all, host("z", a.agentIp, "z", "linked")],
      local: onA,
      want: "a",
      by: "address",
    },
    {
      why: "a host registered docker0's address, which is ours too",
      selfHost: a,
      hosts: [a, host("d", "172.17.0.1", "node-d")],
      local: natA,
      want: "a",
      by: "name",
    },
    {
      why: "every host registered loopback",
      hosts: [host("a", "127.0.0.1", "node-a"), host("b", "127.0.0.1", "node-b")],
      local: onA,
      want: "a",
      by: "name",
    },
    {
      why: "a linked environment's host is told, and our name is of one host",
      selfHost: host("z", "10.9.9.9", "z", "linked"),
      hosts: [...all, host("z", "10.9.9.9", "z", "linked")],
      local: natA,
      want: "a",
      by: "name",
    },
    {
      why: "memory was cloned with the disk of another machine",
      selfHost: b,
      local: { hostName: "node-b", addresses: ["10.0.0.2"], rememberedHostUuid: "a" },
      want: "b",
      by: "address",
    },
    {
      why: "name and memory were cloned with the disk of another machine",
      selfHost: host("b", "10.0.0.2", "node-a"),
      hosts: [a, host("b", "10.0.0.2", "node-a"), c],
      local: { hostName: "node-a", addresses: ["10.0.0.2"], rememberedHostUuid: "a" },
      want: "b",
      by: "address",
    },
    {
      why: "memory was cloned, and the address is behind NAT",
      selfHost: b,
      local: { hostName: "node-b", addresses: ["192.168.7.4"], rememberedHostUuid: "a" },
      want: "b",
      by: "name",
    },
    {
      why: "it has another host's address of before, which metadata still lists",
      selfHost: a,
      local: { hostName: "node-a", addresses: ["10.0.0.2"], rememberedHostUuid: "a" },
      want: "a",
      by: "name",
    },
    {
      why: "its agent_ip has changed, and its name too",
      selfHost: a,
      local: { hostName: "renamed", addresses: ["10.0.0.9"], rememberedHostUuid: "a" },
      want: "a",
      by: "known",
    },
    {
      why: "a label names its address",
      selfHost: undefined,
      hosts: [labelled(a, "keepalived.address", "192.168.7.4"), b],
      local: { ...natA, hostName: "x" },
      want: "a",
      by: "address",
    },
    {
      why: "a label names its address for one group",
      selfHost: undefined,
      hosts: [labelled(a, "keepalived.db.address", "192.168.7.4"), b],
      local: { ...natA, hostName: "x" },
      want: "a",
      by: "address",
    },
    {
      why: "its own container is on one host, whatever name and address say",
      selfHost: b,
      hosts: dockerHosts("localhost"),
      local: { hostName: "localhost", addresses: ["192.0.2.13"], containerHostUuid: "h3" },
      want: "h3",
      by: "container",
    },
  ])("$why", ({ selfHost, hosts = all, local, want, by }) => {
    const self = findOwnHost(selfHost, hosts, local);

    expect(self).toMatchObject({ host: { uuid: want }, by });
  });
});

describe("a wrong self/host, because docker0's address is that of a container elsewhere,", () => {
  it.each<Case>([
    { why: "is seen by the address", selfHost: b, local: onA, want: "a", by: "address" },
    { why: "is seen by the name", selfHost: b, local: natA, want: "a", by: "name" },
    {
      why: "is seen although all hosts bear one name",
      selfHost: host("b", "10.0.0.2", "localhost"),
      hosts: [host("a", "10.0.0.1", "localhost"), host("b", "10.0.0.2", "localhost")],
      local: { ...onA, hostName: "localhost" },
      want: "a",
      by: "address",
    },
    {
      why: "of a linked environment is seen by what was known",
      selfHost: host("z", "10.9.9.9", "node-a", "linked"),
      hosts: [...all, host("z", "10.9.9.9", "node-a", "linked")],
      local: { ...onA, rememberedHostUuid: "a" },
      want: "a",
      by: "address",
    },
  ])("$why, and is reported", ({ selfHost, hosts = all, local, want, by }) => {
    expect(findOwnHost(selfHost, hosts, local)).toMatchObject({
      host: { uuid: want },
      by,
      wrongSelfHost: { uuid: selfHost!.uuid },
    });
  });

  it("is not reported where self/host was right", () => {
    expect(findOwnHost(a, all, onA)).not.toHaveProperty("wrongSelfHost");
  });
});

describe("where one host registered docker0's address, and self/host is that one everywhere,", () => {
  const hosts = [h1, h2, h3];

  it.each<Case>([
    {
      why: "h1 is h1",
      local: { hostName: "h1", addresses: ["192.0.2.11", "172.17.0.1"] },
      want: "h1",
      by: "address",
    },
    {
      why: "h1 is h1 under another name",
      local: { hostName: "x", addresses: ["192.0.2.11", "172.17.0.1"] },
      want: "h1",
      by: "address",
    },
    {
      why: "h1 is h1 behind NAT",
      local: { hostName: "h1", addresses: ["10.0.0.1", "172.17.0.1"] },
      want: "h1",
      by: "name",
    },
    {
      why: "h1 is h1 by its full name",
      local: { hostName: "h1.example", addresses: ["10.0.0.1", "172.17.0.1"] },
      want: "h1",
      by: "name",
    },
    {
      why: "h2 is h2",
      local: { hostName: "h2", addresses: ["192.0.2.12", "172.17.0.1"] },
      want: "h2",
      by: "name",
    },
    {
      why: "h3 is h3",
      local: { hostName: "h3", addresses: ["192.0.2.13", "172.17.0.1"] },
      want: "h3",
      by: "address",
    },
  ])("$why, with its memory, without it, and with a wrong one", ({ local, want, by }) => {
    for (const rememberedHostUuid of [want, undefined, "h2", "gone"]) {
      const self = findOwnHost(h2, hosts, { ...local, rememberedHostUuid });
      expect(self).toMatchObject({ host: { uuid: want }, by });
    }
  });

  it("h2 is not h1 where the label gives it docker0's address again", () => {
    const list = [h1, labelled(h2, "keepalived.address", "172.17.0.1"), h3];
    const local = { hostName: "h2", addresses: ["192.0.2.12", "172.17.0.1"] };
    expect(findOwnHost(undefined, list, local)).toMatchObject({ host: { uuid: "h2" }, by: "name" });
  });

  it("a host of another name and without memory is not taken for h2", () => {
    const local = { hostName: "x", addresses: ["10.0.0.1", "172.17.0.1"] };
    expect(() => findOwnHost(h2, hosts, local)).toThrow(expect.objectContaining({ code: "HOST_UNKNOWN" }));
  });

  it("is not guessed where all have that address and one name, until a label tells them apart", () => {
    const list = dockerHosts("localhost");
    const local = { hostName: "localhost", addresses: ["192.0.2.12", "172.17.0.1"] };
    for (const told of list) {
      expect(() => findOwnHost(told, list, local)).toThrow(
        expect.objectContaining({ code: "HOST_AMBIGUOUS" }),
      );
    }
    const [one, two, three] = list as [Host, Host, Host];
    const labels = [one, labelled(two, "keepalived.address", "192.0.2.12"), three];
    expect(findOwnHost(one, labels, local)).toMatchObject({ host: { uuid: "h2" }, by: "address" });
  });
});

describe("this host is not guessed", () => {
  const stranger: MachineIdentity = { hostName: "stranger", addresses: ["198.51.100.9"] };

  it.each([
    { why: "nothing fits", selfHost: a, hosts: all, local: stranger, code: "HOST_UNKNOWN" },
    { why: "there are no hosts", selfHost: undefined, hosts: [], local: onA, code: "HOST_UNKNOWN" },
    {
      why: "HOST_UUID is of no host",
      selfHost: a,
      hosts: all,
      local: { ...onA, hostUuid: "q" },
      code: "HOST_UNKNOWN",
    },
    {
      why: "the known host is gone",
      selfHost: b,
      hosts: [b, c],
      local: { ...stranger, rememberedHostUuid: "a" },
      code: "HOST_UNKNOWN",
    },
    {
      why: "an empty name fits no empty name",
      selfHost: undefined,
      hosts: [host("a", "", "")],
      local: { hostName: "", addresses: [""] },
      code: "HOST_UNKNOWN",
    },
    {
      why: "node-a is not node-ab",
      selfHost: undefined,
      hosts: [host("ab", "203.0.113.1", "node-ab")],
      local: natA,
      code: "HOST_UNKNOWN",
    },
    {
      why: "two hosts bear our name behind NAT",
      selfHost: a,
      hosts: [a, host("d", "10.0.0.9", "node-a")],
      local: natA,
      code: "HOST_AMBIGUOUS",
    },
    {
      why: "two hosts have our addresses and a third one our name",
      selfHost: undefined,
      hosts: [a, c, host("d", "10.0.7.1", "x")],
      local: { ...onTwoNetworks, hostName: "node-c" },
      code: "HOST_AMBIGUOUS",
    },
    {
      why: "two hosts have our addresses and neither our name",
      selfHost: undefined,
      hosts: [a, host("d", "10.0.7.1", "x")],
      local: { ...onTwoNetworks, hostName: "y" },
      code: "HOST_AMBIGUOUS",
    },
  ])("$why: $code", ({ selfHost, hosts, local, code }) => {
    expect(() => findOwnHost(selfHost, hosts, local)).toThrow(expect.objectContaining({ code }));
  });
});

describe("for any hosts", () => {
  const few = fc.constantFrom("10.0.0.1", "10.0.0.2", "127.0.0.1", "172.17.0.1", "", "junk");
  const name = fc.constantFrom("n1", "n2", "n1.example", "localhost", "");
  const hosts = fc.uniqueArray(
    fc.record({
      uuid: fc.constantFrom("a", "b", "c", "d"),
      agentIp: few,
      hostname: name,
      environmentUuid: fc.constantFrom("env", "linked"),
    }),
    { selector: (it) => it.uuid },
  );
  const local = fc.record({
    hostName: name,
    addresses: fc.array(few),
    rememberedHostUuid: fc.option(fc.constantFrom("a", "b"), { nil: undefined }),
  });

  function outcome(selfHost: Host | undefined, list: Host[], identity: MachineIdentity) {
    try {
      return findOwnHost(selfHost, list, identity);
    } catch (error) {
      if (!(error instanceof AgentError)) throw error;
      return error.code;
    }
  }

  it("the order of hosts and addresses makes no difference", () => {
    fc.assert(
      fc.property(hosts, local, fc.nat(3), (rows, identity, index) => {
        const list = rows.map((row): Host => ({ ...row, name: row.uuid, agentState: "active", labels: {} }));
        const reversed = { ...identity, addresses: identity.addresses.toReversed() };
        expect(outcome(list[index], list.toReversed(), reversed)).toEqual(
          outcome(list[index], list, identity),
        );
      }),
    );
  });
});
