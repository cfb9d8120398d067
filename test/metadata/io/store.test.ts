import { mkdtemp, rm, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import { createMetadataStore } from "../../../src/metadata/io/store.ts";
import { listMembers } from "../../../src/metadata/members.ts";
import type { Snapshot } from "../../../src/metadata/snapshot.ts";
import { openStateDir } from "../../../src/system/io/state-dir.ts";

const GRACE_MS = 30_000;
let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(path.join(tmpdir(), "rk-metadata-"));
});
afterEach(() => rm(folder, { recursive: true, force: true, maxRetries: 20 }));

const open = async () => createMetadataStore(await openStateDir(folder), GRACE_MS);

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

it("is empty in a first run", async () => {
  const store = await open();

  expect(store.view).toBeUndefined();
  expect(store.useLastGood()).toBeUndefined();
  expect(store.rememberedHostUuid).toBeUndefined();
});

it("remembers this host, its service and its peers in a later run", async () => {
  const earlier = await open();
  earlier.addReading(snapshot("v1", "a", "b"), 0);
  await earlier.save();
  const later = await open();

  expect(later.rememberedHostUuid).toBe("a");
  expect(later.view).toBeUndefined();
  expect(later.useLastGood()?.origin).toBe("last-good");
  expect(later.view).toMatchObject({ origin: "last-good", members: [{ hostUuid: "a" }, { hostUuid: "b" }] });
  expect(later.liveSnapshot).toBeUndefined();
});

it("does not use the saved reading once metadata was read", async () => {
  const earlier = await open();
  earlier.addReading(snapshot("v1", "a", "b"), 0);
  await earlier.save();
  const later = await open();
  later.addReading(snapshot("v2", "a"), 0);

  expect(later.useLastGood()).toBeUndefined();
  expect(later.view?.origin).toBe("live");
});

it("keeps a peer of an earlier run for the whole grace", async () => {
  const earlier = await open();
  earlier.addReading(snapshot("v1", "a", "b"), 0);
  await earlier.save();
  const later = await open();

  expect(later.addReading(snapshot("v2", "a"), 1_000)).toBe(31_000);
  expect(later.view?.members.map(({ hostUuid }) => hostUuid)).toEqual(["a", "b"]);
  later.addReading(snapshot("v3", "a"), 31_000);
  later.dropStopped(new Set(["b"]), 31_000);
  expect(later.view?.members.map(({ hostUuid }) => hostUuid)).toEqual(["a"]);
});

it("writes nothing where only the version changed", async () => {
  const store = await open();
  store.addReading(snapshot("v1", "a"), 0);
  await store.save();
  const written = (await stat(path.join(folder, "last-good.json"))).ino;
  store.addReading(snapshot("v2", "a"), 1_000);
  await store.save();
  expect((await stat(path.join(folder, "last-good.json"))).ino).toBe(written);

  store.addReading(snapshot("v3", "a", "b"), 2_000);
  await store.save();
  expect((await stat(path.join(folder, "last-good.json"))).ino).not.toBe(written);
});

it("has this host alone without metadata", async () => {
  const store = await open();

  expect(store.useStandalone("node-1")).toBe(store.view);
  expect(store.view).toMatchObject({
    origin: "off",
    members: [],
    snapshot: { self: { uuid: "node-1" } },
  });
});

it("readmits a peer whose adverts are heard, for as long as they are", async () => {
  const store = await open();
  const uuids = () => store.view?.members.map(({ hostUuid }) => hostUuid);
  store.addReading(snapshot("v1", "a", "b"), 0);
  store.addReading(snapshot("v2", "a"), 1_000);
  store.addReading(snapshot("v3", "a"), 31_000);
  expect(store.membersToAsk(31_000).map(({ hostUuid }) => hostUuid)).toEqual(["b"]);
  store.dropStopped(new Set(["b"]), 31_000);
  expect(uuids()).toEqual(["a"]);

  expect(store.hear("198.51.100.13", 32_000)).toBe("unknown");
  expect(store.hear("198.51.100.12", 32_000)).toBe("readmitted");
  expect(uuids()).toEqual(["a", "b"]);
  for (const nowMs of [40_000, 80_000, 120_000]) {
    expect(store.hear("198.51.100.12", nowMs)).toBe("member");
    store.addReading(snapshot("v4", "a"), nowMs);
  }
  expect(uuids()).toEqual(["a", "b"]);

  expect(store.addReading(snapshot("v5", "a"), 149_999)).toBe(150_000);
  expect(uuids()).toEqual(["a", "b"]);
  store.addReading(snapshot("v6", "a"), 150_000);
  store.dropStopped(new Set(["b"]), 150_000);
  expect(uuids()).toEqual(["a"]);
});

it("remembers in a later run which hosts were heard", async () => {
  const earlier = await open();
  const [, b] = listMembers(snapshot("v1", "a", "b"));
  expect(earlier.admit(b!, 0)).toBe(false); // nothing is known of this host yet
  earlier.addReading(snapshot("v1", "a"), 0);
  expect(earlier.admit(b!, 0)).toBe(true);
  await earlier.save();
  const later = await open();

  expect(later.memberUuids).toEqual(["a", "b"]);
  later.addReading(snapshot("v2", "a"), 1_000);
  expect(later.view?.members.map(({ hostUuid }) => hostUuid)).toEqual(["a", "b"]);
});

it("drops no peer while any of them may be heard", async () => {
  const store = await open();
  store.addReading(snapshot("v1", "a", "b"), 0);
  for (const nowMs of [20_000, 40_000, 60_000]) {
    store.hearAll(nowMs);
    store.addReading(snapshot("v2", "a"), nowMs);
  }

  expect(store.memberUuids).toEqual(["a", "b"]);
});

it("names the member that has an address", async () => {
  const store = await open();
  expect(store.hostNameOf("198.51.100.12")).toBeUndefined();
  store.addReading(snapshot("v1", "a", "b"), 0);

  expect([store.hostNameOf("198.51.100.12"), store.hostNameOf("198.51.100.99")]).toEqual(["b", undefined]);
});
