/** What a member says that lies, or that is not what metadata takes it for: it changes nothing but its own row. */
import { describe, expect, it } from "vitest";
import { deriveCluster } from "../../src/cluster/derive.ts";
import type { MemberAnswer } from "../../src/cluster/members.ts";
import type { Status } from "../../src/status/status.ts";
import { answering, answersOf, groupOn, memberOf, SILENT, statusOn } from "../fixtures/cluster.ts";
import { AT, LATER } from "../fixtures/status.ts";

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

describe("a member that lies", () => {
  const invented = (name: string, state: string) => ({ ...groupOn("node-3", state), name });
  const lying = (change: Partial<Status>) =>
    clusterOf(BACKUP, {
      "node-2": OWNER,
      "node-3": answering(statusOn("node-3", "BACKUP", "node-2", change)),
    });
  const honest = clusterOf(BACKUP, { "node-2": OWNER, "node-3": SPARE });

  it("cannot add groups: those that this host does not have are in its own row alone", () => {
    const [main] = statusOn("node-3", "BACKUP", "node-2").instances;
    const ghosts = Array.from({ length: 250 }, (_, index) => invented(`a-ghost-${index}`, "FAULT"));
    const [health] = BACKUP.health;
    const cluster = lying({
      instances: [...ghosts, invented("another", "MASTER"), main!],
      health: [health!, { ...health!, group: "refused" }],
    });

    expect(cluster.groups).toEqual(honest.groups);
    expect(cluster.members[2]?.groups).toHaveLength(253);
    expect(cluster.members.slice(0, 2)).toEqual(honest.members.slice(0, 2));
  });

  it("cannot add VIPs to a group that this host has", () => {
    const [main] = statusOn("node-3", "BACKUP", "node-2").instances;

    expect(lying({ instances: [{ ...main!, vips: ["203.0.113.1/32"] }] }).groups).toEqual(honest.groups);
  });

  it("cannot put its own words into the row of a group", () => {
    const deaf = statusOn("node-1", "FAULT", undefined, { instances: [] });
    const [main] = statusOn("node-3", "BACKUP").instances;
    const noOwner = { since: AT, text: "call 0900 123" };
    const silentOwner = { ...groupOn("node-3", "BACKUP", "node-2").owner!, host: "somebody" };
    const third = (change: object) =>
      answering(statusOn("node-3", "BACKUP", undefined, { instances: [{ ...main!, ...change }] }));

    expect(groupIn(deaf, { "node-2": SILENT, "node-3": third({ noOwner }) }).trouble?.text).toBe(
      "no owner: none heard since 14:00:00 UTC",
    );
    expect(
      groupIn(deaf, { "node-2": SILENT, "node-3": third({ noOwner: undefined, owner: silentOwner }) }).owner,
    ).toMatchObject({ host: "node-2", isSelf: false });
  });

  it("is not believed about an owner that it heard in the future", () => {
    const heard = (uuid: string, heardAt: string) => ({
      ...groupOn("node-3", "BACKUP", uuid).owner!,
      heardAt,
    });
    const deaf = statusOn("node-1", "FAULT", undefined, {
      instances: [],
      members: ["node-2", "node-3"]
        .map((host) => memberOf(host))
        .concat(["node-4", "node-5"].map((host) => memberOf("node-2", { host, uuid: `u-${host}` }))),
    });
    const telling = (host: string, owner: string, heardAt: string) =>
      answering(
        statusOn(host, "BACKUP", undefined, {
          instances: [{ ...groupOn(host, "BACKUP"), noOwner: undefined, owner: heard(owner, heardAt) }],
        }),
      );
    const { owner } = groupIn(deaf, {
      "node-2": telling("node-2", "node-4", LATER),
      "node-3": telling("node-3", "node-5", "2036-01-01T00:00:00.000Z"),
    });

    expect(owner).toMatchObject({ host: "node-4" });
  });
});
