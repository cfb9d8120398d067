import { expect, it } from "vitest";
import { resolveGroup } from "../../src/settings/resolve-group.ts";
import { parseSettings } from "../../src/settings/settings.ts";

const resolve = (env: Record<string, string>, labels: Record<string, string>, keepalived: unknown) =>
  resolveGroup("main", parseSettings(env), labels, { keepalived }).blocking.map(({ source }) => source.name);

it.each([
  {
    why: "a bad VRID in metadata",
    env: {},
    labels: {},
    keepalived: { vrid: "5l" },
    want: ["keepalived.vrid"],
  },
  {
    why: "two at once",
    env: {},
    labels: {},
    keepalived: { vrid: 0, unicast: "maybe" },
    want: ["keepalived.vrid", "keepalived.unicast"],
  },
  {
    why: "a bad interface label",
    env: {},
    labels: { "keepalived.interface": "a/b" },
    keepalived: {},
    want: ["keepalived.interface"],
  },
  {
    why: "no problem that the environment overrides",
    env: { VRID: "51" },
    labels: {},
    keepalived: { vrid: "5l" },
    want: [],
  },
  {
    why: "no problem that a label overrides",
    env: {},
    labels: { "keepalived.interface": "eth1" },
    keepalived: { interface: "a/b" },
    want: [],
  },
  {
    why: "no bad priority, because its default is as good",
    env: {},
    labels: { "keepalived.priority": "high" },
    keepalived: {},
    want: [],
  },
  { why: "no unknown key", env: {}, labels: {}, keepalived: { vird: 51 }, want: [] },
])("the group stays as it was for $why", ({ env, labels, keepalived, want }) => {
  expect(resolve({ VIRTUAL_IP: "198.51.100.50", ...env }, labels, keepalived)).toEqual(want);
});
