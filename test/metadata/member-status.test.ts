import { expect, it } from "vitest";
import { memberStatuses } from "../../src/metadata/member-status.ts";
import { listMembers } from "../../src/metadata/members.ts";
import type { Container, Host, Snapshot } from "../../src/metadata/snapshot.ts";

const host = (number: number, change: Partial<Host> = {}): Host => ({
  uuid: `u${number}`,
  name: `node-${number}`,
  hostname: `node-${number}`,
  agentIp: `198.51.100.1${number}`,
  environmentUuid: "e",
  labels: {},
  agentState: "active",
  ...change,
});
const container = (number: number, state: string): Container => ({
  uuid: `c${number}`,
  name: `c${number}`,
  externalId: "",
  state,
  hostUuid: `u${number}`,
  primaryIp: "",
  environmentUuid: "e",
  createIndex: number,
});
const SNAPSHOT: Snapshot = {
  version: "v",
  self: host(1),
  hosts: [host(1), host(2, { labels: { "keepalived.web.address": "203.0.113.2" } }), host(3), host(4)],
  service: {
    stackName: "lb",
    name: "keepalived",
    metadata: {},
    containers: [container(1, "running"), container(2, "running"), container(3, "starting")],
  },
};

it("shows for each other host whether its container runs", () => {
  const members = [
    ...listMembers(SNAPSHOT),
    { ...listMembers(SNAPSHOT)[1]!, hostUuid: "u9", hostName: "gone" },
  ];

  expect(memberStatuses(SNAPSHOT, members)).toEqual([
    { host: "node-2", uuid: "u2", addresses: ["198.51.100.12", "203.0.113.2"], presence: "running" },
    { host: "node-3", uuid: "u3", addresses: ["198.51.100.13"], presence: "starting" },
    { host: "gone", uuid: "u9", addresses: ["198.51.100.12", "203.0.113.2"], presence: "missing" },
  ]);
});

it("shows a host that Rancher does not reach as disconnected", () => {
  const hosts = [host(1), host(2, { agentState: "reconnecting" })];
  const snapshot = { ...SNAPSHOT, hosts };

  expect(memberStatuses(snapshot, listMembers(snapshot))).toMatchObject([
    { host: "node-2", presence: "disconnected" },
  ]);
});
