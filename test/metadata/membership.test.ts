import fc from "fast-check";
import ipaddr from "ipaddr.js";
import { describe, expect, it, vi } from "vitest";
import { nextReadingMs, withoutStopped } from "../../src/metadata/departure.ts";
import {
  listMembers,
  listRestingMembers,
  listsOwnContainer,
  type Member,
} from "../../src/metadata/members.ts";
import { hearMember, updateMembership } from "../../src/metadata/membership.ts";
import type { Membership } from "../../src/metadata/membership-entry.ts";
import type { Container, Host, Snapshot } from "../../src/metadata/snapshot.ts";

const GRACE_MS = 30_000;

function host(uuid: string, labels: Record<string, string> = {}): Host {
  const number = uuid.charCodeAt(0) - 96;
  return {
    uuid,
    name: `host-${uuid}`,
    hostname: uuid,
    agentIp: `198.51.100.${number}`,
    environmentUuid: "env",
    agentState: "active",
    labels,
  };
}

function container(hostUuid: string, change: Partial<Container> = {}): Container {
  return {
    uuid: `c-${hostUuid}`,
    name: "lb-keepalived-1",
    externalId: "",
    state: "running",
    hostUuid,
    primaryIp: "",
    environmentUuid: "env",
    createIndex: 1,
    ...change,
  };
}

function snapshot(hosts: Host[], containers: Container[]): Snapshot {
  const [self = host("a")] = hosts;
  return {
    version: "v",
    self,
    hosts,
    service: { stackName: "lb", name: "keepalived", metadata: {}, containers },
  };
}

const uuids = (members: readonly Member[]) => members.map(({ hostUuid }) => hostUuid);
const present = (membership: Membership) => uuids(membership.map(({ member }) => member));

describe("listMembers", () => {
  it("reads no label as an address that names none: each such text costs two exceptions", () => {
    const labels = { "keepalived.web.address": "198.51.100.9", tier: "web", "keepalived.priority": "7" };
    const isValid = vi.spyOn(ipaddr.IPv4, "isValidFourPartDecimal");
    const [member] = listMembers(snapshot([host("a", labels)], [container("a")]));
    const texts = isValid.mock.calls.map(([text]) => text);
    isValid.mockRestore();

    expect(texts).toEqual(["198.51.100.1", "198.51.100.9"]);
    expect(member?.groupAddresses).toEqual({ web: "198.51.100.9" });
  });

  it.each([
    { state: "running", isMember: true },
    { state: "starting", isMember: true },
    { state: "updating-running", isMember: true },
    { state: "stopped", isMember: false },
    { state: "stopping", isMember: false },
    { state: "creating", isMember: false },
    { state: "restarting", isMember: false },
    { state: "error", isMember: false },
  ])("counts a host whose container is $state: $isMember", ({ state, isMember }) => {
    const members = listMembers(
      snapshot([host("a"), host("b")], [container("a"), container("b", { state })]),
    );

    expect(uuids(members).includes("b")).toBe(isMember);
  });

  it("counts this host before its container is listed", () => {
    expect(uuids(listMembers(snapshot([host("a"), host("b")], [container("b")])))).toEqual(["a", "b"]);
  });

  it("counts a host once while old and new containers of an upgrade are listed", () => {
    const old = container("b", { uuid: "old", state: "stopped", createIndex: 1 });
    const fresh = container("b", { uuid: "new", state: "starting", createIndex: 9 });

    expect(uuids(listMembers(snapshot([host("a"), host("b")], [old, fresh])))).toEqual(["a", "b"]);
  });

  it("leaves out a container whose host is gone", () => {
    expect(uuids(listMembers(snapshot([host("a")], [container("a"), container("z")])))).toEqual(["a"]);
  });

  it.each([
    { label: "203.0.113.7", want: "203.0.113.7", why: "the label" },
    { label: " 203.0.113.7 ", want: "203.0.113.7", why: "the label without its blanks" },
    { label: "", want: "198.51.100.2", why: "agent_ip for an empty label" },
    { label: "nonsense", want: "198.51.100.2", why: "agent_ip for a label that is no address" },
  ])("takes $why as the address", ({ label, want }) => {
    const members = listMembers(
      snapshot([host("a"), host("b", { "keepalived.address": label })], [container("b")]),
    );

    expect(members.find(({ hostUuid }) => hostUuid === "b")?.address).toBe(want);
  });

  it.each([
    { why: "of the same name", change: { hostname: "a" } },
    { why: "that lost its connection", change: { agentState: "disconnected" } },
    { why: "of another name", change: {} },
  ])("counts a host with the own address $why: it may be another machine", ({ change }) => {
    const twin = { ...host("b"), agentIp: host("a").agentIp, ...change };

    expect(uuids(listMembers(snapshot([host("a"), twin], [container("b")])))).toContain("b");
  });

  it.each(["172.17.0.999", "127.0.0.1", "224.0.0.18", ""])(
    "lists a host whose agent_ip is %j without an address",
    (agentIp) => {
      const members = listMembers(snapshot([host("a"), { ...host("b"), agentIp }], [container("b")]));

      expect(members.find(({ hostUuid }) => hostUuid === "b")).toMatchObject({ address: undefined });
    },
  );

  it("knows whether a list holds a live container of this host", () => {
    const lists = (containers: Container[]) =>
      listsOwnContainer(snapshot([host("a"), host("b")], containers));

    expect(lists([container("b")])).toBe(false);
    expect(lists([container("a", { state: "stopped" }), container("b")])).toBe(false);
    expect(lists([container("a", { state: "starting" })])).toBe(true);
  });

  it("gives the same members for every order of hosts and containers", () => {
    const hosts = ["a", "b", "c", "d"].map((uuid) => host(uuid));
    const containers = ["a", "b", "c", "d", "d"].map((uuid, index) => container(uuid, { uuid: `c${index}` }));
    const want = listMembers(snapshot(hosts, containers));
    const shuffled = fc.tuple(
      fc.shuffledSubarray(hosts, { minLength: 4 }),
      fc.shuffledSubarray(containers, { minLength: 5 }),
    );

    fc.assert(
      fc.property(shuffled, ([someHosts, someContainers]) => {
        const view = { ...snapshot(hosts, someContainers), hosts: someHosts };
        expect(listMembers(view)).toEqual(want);
      }),
    );
  });
});

describe("listRestingMembers", () => {
  it.each(["stopped", "stopping", "creating", "restarting", "error", "unknown"])(
    "lists a host whose only container is %s: it may start before metadata says so",
    (state) => {
      const containers = [container("a"), container("b", { state })];

      expect(uuids(listRestingMembers(snapshot([host("a"), host("b")], containers)))).toEqual(["b"]);
    },
  );

  it.each([
    { why: "is being removed", containers: [container("b", { state: "removing" })] },
    { why: "is on a host that is gone", containers: [container("z", { state: "stopped" })] },
    { why: "is this host's", containers: [container("a", { state: "stopped" })] },
    {
      why: "was replaced on its host",
      containers: [container("b", { uuid: "old", state: "stopped" }), container("b", { uuid: "new" })],
    },
  ])("lists no host whose stopped container $why", ({ containers }) => {
    expect(listRestingMembers(snapshot([host("a"), host("b")], containers))).toEqual([]);
  });
});

describe("updateMembership", () => {
  const [a, b] = [host("a"), host("b")].map(
    (it): Member => ({
      hostUuid: it.uuid,
      hostName: it.name,
      address: it.agentIp,
      groupAddresses: {},
      formerAddresses: [],
    }),
  );
  const both = [a!, b!];
  const alone = [a!];

  /** The membership once host b was asked, and runs no VRRP. */
  const afterAsking = (membership: Membership, graceMs: number, nowMs: number) =>
    withoutStopped(membership, new Set(["b"]), graceMs, nowMs);

  it("keeps a member's former address for the grace, unless another member has it now", () => {
    const update = (before: Membership, members: readonly Member[], nowMs: number) =>
      updateMembership(before, members, { nowMs, graceMs: GRACE_MS, isComplete: true });
    const formerOf = (membership: Membership) => membership.map(({ member }) => member.formerAddresses);
    const moved = { ...b!, address: "198.51.100.72" };
    const first = update([], both, 0);

    const second = update(first, [a!, moved], 1_000);
    expect(formerOf(second)).toEqual([[], ["198.51.100.2"]]);
    expect(nextReadingMs(second, GRACE_MS, 1_000)).toBe(1_000 + GRACE_MS);
    expect(formerOf(update(second, [a!, moved], GRACE_MS))).toEqual([[], ["198.51.100.2"]]);
    expect(formerOf(update(second, [a!, moved], 1_000 + GRACE_MS))).toEqual([[], []]);
    expect(formerOf(update(second, [{ ...a!, address: "198.51.100.2" }, moved], 2_000))).toEqual([
      ["198.51.100.1"],
      [],
    ]);
    expect(formerOf(update(second, both, 2_000))).toEqual([[], ["198.51.100.72"]]);
  });

  it("keeps a former address as long as the member is heard from it, and 15 s however short the grace is", () => {
    const moved = { ...b!, address: "198.51.100.72" };
    const options = { graceMs: 1_000, isComplete: true };
    const isKept = (membership: Membership) => membership[1]?.member.formerAddresses.length === 1;
    let membership = updateMembership([], both, { ...options, nowMs: 0 });
    for (let nowMs = 1_000; nowMs <= 60_000; nowMs += 10_000) {
      membership = hearMember(membership, b!, nowMs, "198.51.100.2");
      membership = updateMembership(membership, [a!, moved], { ...options, nowMs });
    }
    const heardMs = 51_000;

    expect(isKept(updateMembership(membership, [a!, moved], { ...options, nowMs: heardMs + 14_999 }))).toBe(
      true,
    );
    expect(isKept(updateMembership(membership, [a!, moved], { ...options, nowMs: heardMs + 15_000 }))).toBe(
      false,
    );
  });

  it("keeps the address that one group sent to, while other groups still send to it", () => {
    const update = (before: Membership, members: readonly Member[], nowMs: number) =>
      updateMembership(before, members, { nowMs, graceMs: GRACE_MS, isComplete: true });
    const ofGroup = { ...b!, groupAddresses: { web: "198.51.100.72" } };

    const [, second] = update(update([], both, 0), [a!, ofGroup], 1_000);

    expect(second?.member.formerAddresses).toEqual(["198.51.100.2"]);
  });

  it("adds a member at once", () => {
    const membership = updateMembership([], both, { nowMs: 0, graceMs: GRACE_MS, isComplete: true });

    expect(present(membership)).toEqual(["a", "b"]);
    expect(nextReadingMs(membership, GRACE_MS, 80_000)).toBeUndefined();
  });

  it.each([
    { why: "missing once, however long ago", readings: [60_000], stays: true },
    { why: "missing twice within the grace", readings: [0, 29_999], stays: true },
    { why: "missing twice, the grace over", readings: [0, 30_000], stays: false },
    { why: "missing in many readings within the grace", readings: [0, 1_000, 2_000, 3_000], stays: true },
  ])("$why: stays where its host runs no VRRP is $stays", ({ readings, stays }) => {
    let membership = updateMembership([], both, { nowMs: 0, graceMs: GRACE_MS, isComplete: true });
    for (const nowMs of readings)
      membership = updateMembership(membership, alone, { nowMs: nowMs, graceMs: GRACE_MS, isComplete: true });

    const nowMs = readings.at(-1) ?? 0;
    expect(present(afterAsking(membership, GRACE_MS, nowMs)).includes("b")).toBe(stays);
  });

  it("adds a member whose container does not run, and keeps it as long as that is listed", () => {
    const reading = { graceMs: 0, isComplete: true };
    let membership: Membership = [];
    for (let nowMs = 0; nowMs <= 100_000; nowMs += 1_000) {
      membership = updateMembership(membership, alone, { ...reading, nowMs, resting: [b!] });
      membership = afterAsking(membership, 0, nowMs);
    }

    expect(present(membership)).toEqual(["a", "b"]);
    expect(nextReadingMs(membership, 0, 100_000)).toBeUndefined();
    for (const nowMs of [101_000, 102_000])
      membership = updateMembership(membership, alone, { ...reading, nowMs });
    expect(present(afterAsking(membership, 0, 102_000))).toEqual(["a"]);
  });

  it("adds no member that does not run and has the address of one that does", () => {
    const twin = { ...b!, hostUuid: "c" };
    const reading = { nowMs: 0, graceMs: 0, isComplete: true, resting: [twin] };

    expect(present(updateMembership([], both, reading))).toEqual(["a", "b"]);
  });

  it("adds a member that does not run and has no address, though another has none either", () => {
    const [here, there] = both.map((member) => ({ ...member, address: undefined }));
    const reading = { nowMs: 0, graceMs: 0, isComplete: true, resting: [there!] };

    expect(present(updateMembership([], [here!], reading))).toEqual(["a", "b"]);
  });

  it("starts the grace again for a member that came back in between", () => {
    let membership = updateMembership([], both, { nowMs: 0, graceMs: GRACE_MS, isComplete: true });
    membership = updateMembership(membership, alone, { nowMs: 1_000, graceMs: GRACE_MS, isComplete: true });
    membership = updateMembership(membership, both, { nowMs: 20_000, graceMs: GRACE_MS, isComplete: true });
    membership = updateMembership(membership, alone, { nowMs: 31_000, graceMs: GRACE_MS, isComplete: true });
    membership = updateMembership(membership, alone, { nowMs: 60_000, graceMs: GRACE_MS, isComplete: true });

    expect(present(membership)).toEqual(["a", "b"]);
    expect(nextReadingMs(membership, GRACE_MS, 60_000)).toBe(61_000);
  });

  it("counts no member as missing from a reading without this host's container", () => {
    let membership = updateMembership([], both, { nowMs: 0, graceMs: GRACE_MS, isComplete: true });
    for (const nowMs of [1_000, 40_000, 80_000]) {
      membership = updateMembership(membership, alone, { nowMs, graceMs: GRACE_MS, isComplete: false });
    }

    expect(present(membership)).toEqual(["a", "b"]);
    expect(nextReadingMs(membership, GRACE_MS, 80_000)).toBeUndefined();
  });

  it("counts the grace from the later of last listed and last heard", () => {
    let membership = updateMembership([], both, { nowMs: 0, graceMs: GRACE_MS, isComplete: true });
    for (let nowMs = 10_000; nowMs <= 3_600_000; nowMs += 10_000) {
      membership = hearMember(membership, b!, nowMs - 100);
      membership = updateMembership(membership, alone, { nowMs, graceMs: GRACE_MS, isComplete: true });
    }
    expect(present(membership)).toEqual(["a", "b"]);

    const fallenSilentMs = 3_600_000 - 100;
    const miss = (nowMs: number) =>
      updateMembership(membership, alone, { nowMs, graceMs: GRACE_MS, isComplete: true });
    expect(nextReadingMs(membership, GRACE_MS, 3_600_000)).toBe(fallenSilentMs + GRACE_MS);
    expect(present(miss(fallenSilentMs + GRACE_MS - 1))).toEqual(["a", "b"]);
    expect(present(miss(fallenSilentMs + GRACE_MS))).toEqual(["a"]);
  });

  it("keeps a member that is heard however short the grace is", () => {
    let membership = updateMembership([], both, { nowMs: 0, graceMs: 0, isComplete: true });
    for (const nowMs of [1_000, 2_000, 3_000]) {
      membership = hearMember(membership, b!, nowMs);
      membership = updateMembership(membership, alone, { nowMs, graceMs: 0, isComplete: true });
    }

    expect(present(membership)).toEqual(["a", "b"]);
    expect(present(afterAsking(membership, 0, 7_999))).toEqual(["a", "b"]);
    expect(present(afterAsking(membership, 0, 8_000))).toEqual(["a"]);
  });

  it("makes a host a member that is heard, until it is silent for the grace", () => {
    const options = { graceMs: GRACE_MS, isComplete: true };
    const first = updateMembership([], alone, { ...options, nowMs: 0 });
    const heard = hearMember(first, b!, 1_000);

    expect(present(heard)).toEqual(["a", "b"]);
    const second = updateMembership(heard, alone, { ...options, nowMs: 1_500 });
    const third = updateMembership(second, alone, { ...options, nowMs: 30_999 });
    expect(present(afterAsking(third, GRACE_MS, 30_999))).toEqual(["a", "b"]);
    expect(present(afterAsking(third, GRACE_MS, 31_000))).toEqual(["a"]);
    expect(updateMembership(third, both, { ...options, nowMs: 31_000 })[1]).toMatchObject({
      phase: "listed",
    });
  });

  it("keeps when a listed member was heard", () => {
    const options = { graceMs: GRACE_MS, isComplete: true };
    const before = hearMember(updateMembership([], both, { ...options, nowMs: 0 }), b!, 20_000);
    const moved = { ...b!, address: "198.51.100.72" };

    for (const listed of [both, [a!, moved]])
      expect(updateMembership(before, listed, { ...options, nowMs: 21_000 })[1]?.heardMs).toBe(20_000);
  });

  it("replaces a host at once by its new registration", () => {
    const before = updateMembership([], both, { nowMs: 0, graceMs: GRACE_MS, isComplete: true });
    const anew = { ...b!, hostUuid: "b2" };

    expect(
      present(updateMembership(before, [a!, anew], { nowMs: 1, graceMs: GRACE_MS, isComplete: true })),
    ).toEqual(["a", "b2"]);
  });

  it("takes a changed address at once", () => {
    const membership = updateMembership([], both, { nowMs: 0, graceMs: GRACE_MS, isComplete: true });
    const moved = { ...b!, address: "198.51.100.99" };

    expect(
      updateMembership(membership, [a!, moved], { nowMs: 1, graceMs: GRACE_MS, isComplete: true }).at(1)
        ?.member.address,
    ).toBe("198.51.100.99");
  });

  it("never drops a member sooner than the grace after it was listed last", () => {
    const step = fc.record({ afterMs: fc.integer({ min: 1, max: 20_000 }), isListed: fc.boolean() });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 30 }), (steps) => {
        let membership = updateMembership([], both, { nowMs: 0, graceMs: GRACE_MS, isComplete: true });
        let [nowMs, lastListedMs] = [0, 0];
        for (const { afterMs, isListed } of steps) {
          nowMs += afterMs;
          if (isListed) lastListedMs = nowMs;
          membership = updateMembership(membership, isListed ? both : alone, {
            nowMs: nowMs,
            graceMs: GRACE_MS,
            isComplete: true,
          });
          if (nowMs - lastListedMs < GRACE_MS) expect(present(membership)).toEqual(["a", "b"]);
        }
      }),
    );
  });

  it.each(["no member known before", "all members known before"])(
    "looks at each of many members no more often than at each of few: %s",
    (why) => {
      const looksAtEach = (count: number): number => {
        let looks = 0;
        const members = Array.from({ length: count }, (_, index): Member => {
          const hostUuid = `host-${String(index).padStart(5, "0")}`;
          return {
            ...a!,
            get hostUuid() {
              looks += 1;
              return hostUuid;
            },
            get address() {
              looks += 1;
              return `10.0.${index >> 8}.${index & 255}`;
            },
          };
        });
        const options = { nowMs: 0, graceMs: GRACE_MS, isComplete: true };
        const before = why.startsWith("all") ? updateMembership([], members, options) : [];
        looks = 0;
        updateMembership(before, members, options);
        return looks / count;
      };

      // sorting looks at each a little more often
      expect(looksAtEach(1_600)).toBeLessThan(2 * looksAtEach(100));
    },
  );

  it("keeps the same object for a member that is listed as before", () => {
    const options = { nowMs: 0, graceMs: GRACE_MS, isComplete: true };
    const before = updateMembership([], both, options);

    const after = updateMembership(
      before,
      [a!, { ...b!, groupAddresses: { web: "198.51.100.72" } }],
      options,
    );

    expect(after[0]).toBe(before[0]);
    expect(after[1]?.member.groupAddresses).toEqual({ web: "198.51.100.72" });
  });
});
