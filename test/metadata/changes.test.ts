import { expect, it } from "vitest";
import { compareSnapshots } from "../../src/metadata/changes.ts";
import type { Snapshot } from "../../src/metadata/snapshot.ts";
import { standaloneSnapshot } from "../../src/metadata/snapshot.ts";

const base = standaloneSnapshot("node-1");
const other = { ...base.self, uuid: "u2", name: "node-2", hostname: "node-2", agentIp: "198.51.100.12" };
const container = {
  uuid: "c2",
  name: "c2",
  externalId: "",
  state: "running",
  hostUuid: "u2",
  primaryIp: "",
  environmentUuid: "",
  createIndex: 2,
};
const BEFORE: Snapshot = {
  ...base,
  self: { ...base.self, labels: { "keepalived.priority": "240", token: "hunter2" } },
  hosts: [other],
  service: {
    ...base.service,
    containers: [container],
    metadata: { keepalived: { vrid: 51, check: { ports: "80" } } },
  },
};

it("finds no change where only the version differs", () => {
  expect(compareSnapshots(BEFORE, { ...BEFORE, version: "next" })).toEqual([]);
});

it("names members, labels and keys that were added, removed or changed, without their values", () => {
  const after: Snapshot = {
    ...BEFORE,
    self: { ...BEFORE.self, labels: { "keepalived.priority": "250", "keepalived.drain": "true" } },
    service: {
      ...BEFORE.service,
      containers: [],
      metadata: { keepalived: { vrid: 51, check: { ports: "443" } }, password: "hunter2" },
    },
  };
  const changes = compareSnapshots(BEFORE, after);

  expect(changes).toEqual([
    { what: "host", name: "node-2", how: "removed" },
    { what: "label", name: "keepalived.drain", how: "added" },
    { what: "label", name: "keepalived.priority", how: "changed" },
    { what: "label", name: "token", how: "removed" },
    { what: "service metadata", name: "keepalived.check.ports", how: "changed" },
    { what: "service metadata", name: "password", how: "added" },
  ]);
  expect(JSON.stringify(changes)).not.toContain("hunter2");
});

it("lists a host that Rancher no longer reaches as changed", () => {
  const after = { ...BEFORE, hosts: [{ ...other, agentState: "reconnecting" }] };

  expect(compareSnapshots(BEFORE, after)).toEqual([{ what: "host", name: "node-2", how: "changed" }]);
});

it("limits the length of the list, and escapes names", () => {
  const labels = Object.fromEntries(Array.from({ length: 50 }, (_, index) => [`a\n${index}`, "x"]));
  const changes = compareSnapshots(BEFORE, { ...BEFORE, self: { ...BEFORE.self, labels } });

  expect(changes).toHaveLength(20);
  expect(changes[0]?.name).toBe("a\\n0");
});
