import { mkdtemp, rm, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import { openKnowledge } from "../../../src/metadata/io/store.ts";
import type { Snapshot } from "../../../src/metadata/snapshot.ts";
import { openStateDir } from "../../../src/system/io/state-dir.ts";

const GRACE_MS = 30_000;
let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(path.join(tmpdir(), "rk-knowledge-"));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

const open = async () => openKnowledge(await openStateDir(folder), GRACE_MS);

function snapshot(version: string, ...uuids: string[]): Snapshot {
  const hosts = uuids.map((uuid, index) => ({
    uuid,
    name: uuid,
    hostname: uuid,
    agentIp: `198.51.100.${11 + index}`,
    environmentUuid: "env",
    labels: {},
    agentState: "active",
  }));
  const containers = uuids.map((hostUuid) => ({
    uuid: `c-${hostUuid}`,
    name: "",
    externalId: "",
    state: "running",
    hostUuid,
    primaryIp: "",
    environmentUuid: "env",
    createIndex: 1,
  }));
  const service = { stackName: "lb", name: "keepalived", metadata: {}, containers };
  return { version, self: hosts[0]!, hosts, service };
}

it("knows nothing in a first run", async () => {
  const knowledge = await open();

  expect(knowledge.view).toBeUndefined();
  expect(knowledge.recall()).toBeUndefined();
  expect(knowledge.knownHostUuid).toBeUndefined();
});

it("recalls in a later run who the host, its service and its peers were", async () => {
  const earlier = await open();
  earlier.learn(snapshot("v1", "a", "b"), 0);
  await earlier.remember();
  const later = await open();

  expect(later.knownHostUuid).toBe("a");
  expect(later.view).toBeUndefined();
  expect(later.recall()?.origin).toBe("last-good");
  expect(later.view).toMatchObject({ origin: "last-good", members: [{ hostUuid: "a" }, { hostUuid: "b" }] });
  expect(later.verified).toBeUndefined();
});

it("does not fall back on memory once metadata was read", async () => {
  const earlier = await open();
  earlier.learn(snapshot("v1", "a", "b"), 0);
  await earlier.remember();
  const later = await open();
  later.learn(snapshot("v2", "a"), 0);

  expect(later.recall()).toBeUndefined();
  expect(later.view?.origin).toBe("live");
});

it("keeps a peer that an earlier run knew for a whole grace", async () => {
  const earlier = await open();
  earlier.learn(snapshot("v1", "a", "b"), 0);
  await earlier.remember();
  const later = await open();

  expect(later.learn(snapshot("v2", "a"), 1_000)).toBe(31_000);
  expect(later.view?.members.map(({ hostUuid }) => hostUuid)).toEqual(["a", "b"]);
  later.learn(snapshot("v3", "a"), 31_000);
  expect(later.view?.members.map(({ hostUuid }) => hostUuid)).toEqual(["a"]);
});

it("writes nothing for a version that changed nothing", async () => {
  const knowledge = await open();
  knowledge.learn(snapshot("v1", "a"), 0);
  await knowledge.remember();
  const written = (await stat(path.join(folder, "last-good.json"))).ino;
  knowledge.learn(snapshot("v2", "a"), 1_000);
  await knowledge.remember();
  expect((await stat(path.join(folder, "last-good.json"))).ino).toBe(written);

  knowledge.learn(snapshot("v3", "a", "b"), 2_000);
  await knowledge.remember();
  expect((await stat(path.join(folder, "last-good.json"))).ino).not.toBe(written);
});

it("stands alone without metadata", async () => {
  const knowledge = await open();

  expect(knowledge.standAlone("node-1")).toBe(knowledge.view);
  expect(knowledge.view).toMatchObject({
    origin: "off",
    members: [],
    snapshot: { self: { uuid: "node-1" } },
  });
});

it("takes back a peer that metadata misses and that is heard, for as long as metadata misses it", async () => {
  const knowledge = await open();
  const uuids = () => knowledge.view?.members.map(({ hostUuid }) => hostUuid);
  knowledge.learn(snapshot("v1", "a", "b"), 0);
  knowledge.learn(snapshot("v2", "a"), 1_000);
  expect(knowledge.hear("198.51.100.12")).toBeUndefined(); // it is one still
  knowledge.learn(snapshot("v3", "a"), 31_000);
  expect(uuids()).toEqual(["a"]);

  expect(knowledge.hear("198.51.100.13")).toBeUndefined(); // never was one
  expect(knowledge.hear("198.51.100.12")?.hostUuid).toBe("b");
  expect(uuids()).toEqual(["a", "b"]);
  for (const nowMs of [40_000, 80_000, 120_000]) knowledge.learn(snapshot("v4", "a"), nowMs);
  expect(uuids()).toEqual(["a", "b"]);

  knowledge.learn(snapshot("v5", "a", "b"), 130_000);
  knowledge.learn(snapshot("v6", "a"), 140_000);
  knowledge.learn(snapshot("v7", "a"), 170_000);
  expect(uuids()).toEqual(["a"]);
});

it("names the member that has an address", async () => {
  const knowledge = await open();
  expect(knowledge.nameOf("198.51.100.12")).toBeUndefined();
  knowledge.learn(snapshot("v1", "a", "b"), 0);

  expect([knowledge.nameOf("198.51.100.12"), knowledge.nameOf("198.51.100.99")]).toEqual(["b", undefined]);
});
