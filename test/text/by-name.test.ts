import * as v from "valibot";
import { expect, it } from "vitest";
import { byName, retainNames } from "../../src/text/by-name.ts";
import { tableOf } from "../../src/text/table-schema.ts";

/** Names that a plain object gives a meaning. */
const NAMES = ["constructor", "__proto__", "toString", "prototype", "hasOwnProperty", "main"];

it("keeps any name, through JSON as well, and has no name of its own", () => {
  const table = byName(NAMES.map((name) => [name, `value of ${name}`]));
  const readBack = v.parse(tableOf(v.string()), JSON.parse(JSON.stringify(table)));

  for (const each of [table, readBack]) {
    expect(Object.keys(each)).toEqual(NAMES);
    for (const name of NAMES) expect(each[name]).toBe(`value of ${name}`);
  }
  expect(byName<string>([])["constructor"]).toBeUndefined();
});

it("keeps the last of several values", () => {
  const entries = [
    ["__proto__", 1],
    ["__proto__", 2],
  ] as const;

  expect(Object.entries(byName(entries))).toEqual([["__proto__", 2]]);
});

it.each([undefined, null, 1, "text", [], { main: 1 }])("is not read from %j", (json) => {
  expect(v.safeParse(tableOf(v.string()), json).success).toBe(false);
});

it("forgets all other names", () => {
  const table = new Map(NAMES.map((name) => [name, 1]));
  retainNames(table, ["__proto__", "unknown"]);

  expect([...table.keys()]).toEqual(["__proto__"]);
});
