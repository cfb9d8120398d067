import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { parseAppliedConf, parseHeldAddresses } from "../../src/conf/applied.ts";
import { hidePasswords } from "../../src/conf/passwords.ts";
import { parseLastGood } from "../../src/metadata/last-good.ts";
import { standaloneSnapshot } from "../../src/metadata/snapshot.ts";
import { DESIRED } from "../fixtures/desired.ts";

/** What is written is JSON, so what is read back went through it. */
const throughJson = (value: unknown) => JSON.parse(JSON.stringify(value));

const lastGood = {
  snapshot: standaloneSnapshot("node-1"),
  members: [
    {
      hostUuid: "a",
      hostName: "host-a",
      address: "198.51.100.11",
      groupAddresses: { web: "198.51.100.71" },
      formerAddresses: ["198.51.100.61"],
    },
  ],
};

it("returns the last good reading", () => {
  expect(parseLastGood(throughJson(lastGood))).toEqual(lastGood);
});

it.each(["constructor", "__proto__"])("keeps a member's address for a group named %s", (group) => {
  const json = `{"${group}":"198.51.100.72"}`;
  const members = [{ ...lastGood.members[0], groupAddresses: JSON.parse(json) }];
  const [member] = parseLastGood(throughJson({ ...lastGood, members }))?.members ?? [];

  expect(JSON.stringify(member?.groupAddresses)).toBe(json);
});

it("reads the members that an earlier version of the agent saved", () => {
  const members = [{ hostUuid: "a", hostName: "host-a", address: "198.51.100.11" }];

  expect(parseLastGood(throughJson({ ...lastGood, members }))?.members).toEqual([
    { ...members[0], groupAddresses: {}, formerAddresses: [] },
  ]);
});

describe("parseApplied", () => {
  it.each(Object.entries(DESIRED))(
    "gives back the configuration that was applied: %s",
    (_name, { instances }) => {
      const applied = hidePasswords({ text: "global_defs {\n}\n", instances });

      expect(parseAppliedConf(throughJson(applied))).toEqual(applied);
    },
  );

  it("returns nothing for an empty text, which would drop the VIPs", () => {
    expect(parseAppliedConf({ text: "", instances: [] })).toBeUndefined();
  });
});

it("returns addresses, and none for any other content", () => {
  expect(parseHeldAddresses(["198.51.100.50"])).toEqual(["198.51.100.50"]);
  expect(parseHeldAddresses([7])).toEqual([]);
});

it("returns nothing for arbitrary JSON, and never throws", () => {
  fc.assert(
    fc.property(fc.jsonValue(), (json) => {
      expect(parseLastGood(json)).toBeUndefined();
      expect(parseAppliedConf(json)).toBeUndefined();
      expect(Array.isArray(parseHeldAddresses(json))).toBe(true);
    }),
  );
});
