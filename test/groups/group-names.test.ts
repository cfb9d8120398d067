import { expect, it } from "vitest";
import { listGroups } from "../../src/groups/group-names.ts";

it.each([
  { why: "there is no metadata", metadata: {}, names: ["main"] },
  { why: "metadata has no instances", metadata: { keepalived: { virtual_ip: "a" } }, names: ["main"] },
  { why: "instances are empty", metadata: { keepalived: { instances: {} } }, names: ["main"] },
  { why: "instances are null", metadata: { keepalived: { instances: null } }, names: ["main"] },
  {
    why: "instances are nested",
    metadata: { keepalived: { instances: { web: { vrid: 1 }, db: { vrid: 2 } } } },
    names: ["db", "web"],
  },
  {
    why: "a group has nothing of its own",
    metadata: { keepalived: { instances: { web: {}, db: null } } },
    names: ["db", "web"],
  },
  {
    why: "keys are dotted",
    metadata: { "keepalived.instances.web.vrid": 1, keepalived: { "instances.db": { vrid: 2 } } },
    names: ["db", "web"],
  },
])("where $why, the groups are $names", ({ metadata, names }) => {
  expect(listGroups(metadata)).toEqual({ names, problems: [] });
});

it("refuses names that cannot be in a file name or a label, and keeps the others", () => {
  const instances = { "a b": { vrid: 1 }, "a/x": { vrid: 2 }, ok: { vrid: 3 }, no_accept: {} };

  const { names, problems } = listGroups({ keepalived: { instances } });

  expect(names).toEqual(["ok"]);
  expect(problems.map(({ value }) => value)).toEqual(["a b", "a/x", "no_accept"]);
});

it.each([
  { count: 255, names: 255, problems: 0 },
  { count: 256, names: 0, problems: 1 },
])("accepts $names of $count groups: more than VRRP has VRIDs for are all refused", ({ count, ...want }) => {
  const groups = Array.from({ length: count }, (_, index) => [`g${index}`, {}]);

  const { names, problems } = listGroups({ keepalived: { instances: Object.fromEntries(groups) } });

  expect({ names: names.length, problems: problems.length }).toEqual(want);
});
