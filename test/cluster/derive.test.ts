import { describe, expect, it } from "vitest";
import { deriveCluster } from "../../src/cluster/derive.ts";
import type { MemberAnswer } from "../../src/cluster/members.ts";
import type { Status } from "../../src/status/status.ts";
import { answering, answersOf, groupOn, memberOf, SILENT, statusOn } from "../fixtures/cluster.ts";
import { AT, LATER, SUSPICION } from "../fixtures/status.ts";

const NOW = "2026-11-22T14:05:01.000Z";
const BACKUP = statusOn("node-1", "BACKUP", "node-2");
const OWNER = answering(statusOn("node-2", "MASTER", "node-2"));
const SPARE = answering(statusOn("node-3", "BACKUP", "node-2"));

function clusterOf(status: Status, answers: Readonly<Record<string, MemberAnswer>>) {
  return deriveCluster({ status, answers: answersOf(answers), at: NOW });
}

/** The one group of a cluster. */
function groupIn(status: Status, answers: Readonly<Record<string, MemberAnswer>>) {
  return clusterOf(status, answers).groups[0]!;
}

describe("a cluster in which all is well", () => {
  const cluster = clusterOf(BACKUP, { "node-2": OWNER, "node-3": SPARE });

  it("is well", () => {
    expect(cluster).toMatchObject({ isWell: true, self: "u-node-1", at: NOW });
  });

  it("has this host first, then the others by name", () => {
    expect(cluster.members).toMatchObject([
      { host: "node-1", isSelf: true, reach: "answers", isWell: true, address: "198.51.100.11" },
      {
        host: "node-2",
        isSelf: false,
        reach: "answers",
        metadata: "running",
        url: "http://198.51.100.12:9650",
      },
      { host: "node-3", isSelf: false, reach: "answers", version: "0.1.0", wire: undefined },
    ]);
  });

  it("names the owner, since when, and who could take over", () => {
    expect(cluster.groups).toMatchObject([
      {
        name: "main",
        vips: ["198.51.100.50/32"],
        owner: { host: "node-2", uuid: "u-node-2", address: "198.51.100.12", isSelf: false, heardAt: LATER },
        since: AT,
        trouble: undefined,
      },
    ]);
    expect(cluster.groups[0]?.spares.map(({ host, canTakeOver }) => [host, canTakeOver])).toEqual([
      ["node-1", true],
      ["node-3", true],
    ]);
  });

  it("says what this host hears of the owner", () => {
    expect(cluster.members[1]?.wire).toEqual({ owns: ["main"], heardAt: LATER });
  });
});

describe("who owns a group", () => {
  it("is this host, by its own state, whatever the others said a moment ago", () => {
    const self = { ...groupOn("node-1", "MASTER", "node-1"), since: "2026-11-22T14:05:00.700Z" };
    const own = { ...self, owner: { ...self.owner!, since: self.since } };
    const group = groupIn({ ...BACKUP, instances: [own] }, { "node-2": OWNER, "node-3": SPARE });

    expect(group.owner).toMatchObject({ host: "node-1", isSelf: true });
    expect(group.trouble).toBeUndefined();
  });

  it("is the one that this host hears, even if it does not answer", () => {
    const group = groupIn(BACKUP, { "node-2": SILENT, "node-3": SPARE });

    expect(group.owner).toMatchObject({ host: "node-2", heardAt: LATER });
    expect(group.spares).toMatchObject([{ host: "node-1" }, { host: "node-3" }]);
  });

  it("is the one that says so, where this host hears nobody", () => {
    const group = groupIn(statusOn("node-1", "FAULT"), { "node-2": OWNER, "node-3": SPARE });

    expect(group.owner).toMatchObject({ host: "node-2", address: "198.51.100.12", isSelf: false });
  });

  it("is the one that others hear, where neither it nor this host says anything", () => {
    const group = groupIn(statusOn("node-1", "FAULT"), { "node-2": SILENT, "node-3": SPARE });

    expect(group.owner).toMatchObject({ host: "node-2", isSelf: false });
  });

  it("gets its name from its own word where metadata does not list the address of its adverts", () => {
    const heard = groupOn("node-1", "BACKUP", "node-2");
    const unnamed = { ...heard.owner!, host: undefined, uuid: undefined, address: "203.0.113.9" };
    const group = groupIn(
      { ...BACKUP, instances: [{ ...heard, owner: unnamed }] },
      { "node-2": OWNER, "node-3": SPARE },
    );

    expect(group.owner).toMatchObject({ host: "node-2", address: "203.0.113.9" });
    expect(group.trouble).toBeUndefined();
  });
});

describe("trouble", () => {
  it("is no owner", () => {
    const group = groupIn(statusOn("node-1", "BACKUP"), {
      "node-2": answering(statusOn("node-2", "FAULT")),
      "node-3": SILENT,
    });

    expect(group).toMatchObject({
      owner: undefined,
      since: AT,
      trouble: { level: "bad", text: "no owner: none heard since 14:00:00 UTC" },
    });
  });

  it("is no more than doubt where nobody owns it, and this host does not listen", () => {
    const own = { ...groupOn("node-1", "BACKUP"), owner: undefined, noOwner: undefined };
    const deaf = statusOn("node-1", "BACKUP", undefined, { instances: [own] });

    expect(groupIn(deaf, { "node-2": SILENT, "node-3": SILENT })).toMatchObject({
      owner: undefined,
      noOwner: undefined,
      trouble: { level: "warning", text: expect.stringMatching(/^owner not known: /) },
    });
  });

  it("is two hosts that both say that they own it", () => {
    const group = groupIn(statusOn("node-1", "FAULT"), {
      "node-2": OWNER,
      "node-3": answering(statusOn("node-3", "MASTER", "node-3")),
    });

    expect(group.trouble).toEqual({ level: "bad", text: "more than one owner: node-2 and node-3" });
  });

  it("is two owners, also where the clock of one is ahead", () => {
    const ahead = { ...groupOn("node-3", "MASTER", "node-3"), since: "2026-11-22T15:00:00.000Z" };
    const instances = [{ ...ahead, owner: { ...ahead.owner!, since: ahead.since } }];
    const group = groupIn(BACKUP, {
      "node-2": OWNER,
      "node-3": answering(statusOn("node-3", "MASTER", "node-3", { instances })),
    });

    expect(group.trouble).toEqual({ level: "bad", text: "more than one owner: node-2 and node-3" });
  });

  it("is a host that suspects a second owner", () => {
    const splitBrain = [{ ...SUSPICION, since: AT }];
    const owner = answering(statusOn("node-2", "MASTER", "node-2", { splitBrain }));

    expect(groupIn(BACKUP, { "node-2": owner, "node-3": SPARE }).trouble).toMatchObject({
      level: "bad",
      text: expect.stringMatching(/^node-2 suspects a second owner: 198\.51\.100\.99/),
    });
  });

  it("is no spare that can take over, with the reason of each", () => {
    const [health] = BACKUP.health;
    const drained = { ...health!, isHealthy: false, isDrained: true, drainedBy: "command" };
    const self = statusOn("node-1", "FAULT", "node-2", { health: [drained] });
    const group = groupIn(self, { "node-2": OWNER, "node-3": SILENT });

    expect(group.trouble).toEqual({
      level: "warning",
      text: "no other host is known to be able to take over",
    });
    expect(group.spares).toMatchObject([
      { host: "node-1", canTakeOver: false, why: "drained by command" },
      { host: "node-3", canTakeOver: false, why: "not reachable: no complete answer within 1 s" },
    ]);
  });

  it("is not a host that is alone", () => {
    const alone = statusOn("node-1", "MASTER", "node-1", { members: [] });

    expect(clusterOf(alone, {})).toMatchObject({ isWell: true, groups: [{ trouble: undefined }] });
  });

  it("comes first, and the groups are else sorted as people count", () => {
    const named = (name: string, state = "BACKUP", owner: string | undefined = "node-2") => ({
      ...groupOn("node-1", state, owner),
      name,
    });
    const instances = [named("web-11"), named("web-2"), named("zoo", "FAULT", undefined)];
    const cluster = clusterOf(
      { ...BACKUP, instances, health: [], members: [memberOf("node-2")] },
      { "node-2": answering({ ...statusOn("node-2", "MASTER"), instances: [], health: [] }) },
    );

    expect(cluster.groups.map(({ name }) => name)).toEqual(["zoo", "web-2", "web-11"]);
  });
});

it("a group that does not run on this host has the VIPs that its owner tells", () => {
  const group = groupIn(statusOn("node-1", "FAULT", undefined, { instances: [] }), {
    "node-2": OWNER,
    "node-3": SPARE,
  });

  expect(group).toMatchObject({ owner: { host: "node-2" }, vips: ["198.51.100.50/32"] });
});

describe("why a member could not take over", () => {
  const [health] = BACKUP.health;
  it.each<[string, Partial<Status>, string]>([
    [
      "a failed check",
      {
        health: [
          {
            ...health!,
            isHealthy: false,
            checks: [
              {
                name: "ports",
                verdict: "unhealthy",
                reason: "80/tcp: port-not-published",
                since: AT,
                onset: AT,
              },
            ],
          },
        ],
      },
      "ports: 80/tcp: port-not-published",
    ],
    ["a hold", { health: [{ ...health!, heldBy: "its source is gone" }] }, "held back: its source is gone"],
    ["its state alone", {}, "its state is FAULT"],
    ["no such group", { instances: [], health: [] }, "it has no such group"],
    ["a group that does not run", { instances: [] }, "keepalived does not run it there (yet)"],
  ])("is %s", (_, change, why) => {
    const spare = answering(statusOn("node-3", "FAULT", "node-2", change));
    const { spares } = groupIn(BACKUP, { "node-2": OWNER, "node-3": spare });

    expect(spares.find(({ host }) => host === "node-3")).toMatchObject({ canTakeOver: false, why });
  });
});

it("a member that does not answer keeps what metadata says of it, and the cluster is not well", () => {
  const members = [memberOf("node-2"), memberOf("node-3", { presence: "disconnected", url: undefined })];
  const cluster = clusterOf({ ...BACKUP, members }, { "node-2": OWNER, "node-3": SILENT });

  expect(cluster.isWell).toBe(false);
  expect(cluster.members[2]).toMatchObject({
    host: "node-3",
    reach: "not-reachable",
    metadata: "disconnected",
    address: "198.51.100.13",
    groups: [],
    problems: [],
    isWell: undefined,
  });
});
