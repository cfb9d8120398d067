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

  expect(memberStatuses(SNAPSHOT, members, 9_650)).toMatchObject([
    { host: "node-2", uuid: "u2", addresses: ["198.51.100.12", "203.0.113.2"], presence: "running" },
    { host: "node-3", uuid: "u3", addresses: ["198.51.100.13"], presence: "starting" },
    { host: "gone", uuid: "u9", addresses: ["198.51.100.12", "203.0.113.2"], presence: "missing" },
  ]);
});

it("shows a host that Rancher does not reach as disconnected", () => {
  const hosts = [host(1), host(2, { agentState: "reconnecting" })];
  const snapshot = { ...SNAPSHOT, hosts };

  expect(memberStatuses(snapshot, listMembers(snapshot), 9_650)).toMatchObject([
    { host: "node-2", presence: "disconnected" },
  ]);
});

it.each([
  { what: "the port of the agent's own server", labels: {}, url: "http://198.51.100.12:9650" },
  { what: "the host's own port", labels: { "keepalived.http": " 8080 " }, url: "http://198.51.100.12:8080" },
  {
    what: "an IPv6 address",
    labels: { "keepalived.address": "2001:db8::2" },
    url: "http://[2001:db8::2]:9650",
  },
  { what: "no link-local address", labels: { "keepalived.address": "fe80::2" }, url: undefined },
  { what: "no port above 65535", labels: { "keepalived.http": "70000" }, url: undefined },
  { what: "no other address", labels: { "keepalived.http": "evil.example:80" }, url: undefined },
])("asks a host's agent at $what", ({ labels, url }) => {
  const hosts = [host(1), host(2, { labels })];
  const snapshot = { ...SNAPSHOT, hosts };

  expect(memberStatuses(snapshot, listMembers(snapshot), 9_650)).toMatchObject([{ host: "node-2", url }]);
});
