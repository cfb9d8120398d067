import fc from "fast-check";
import { expect, it } from "vitest";
import { findAnswer, versionPaths } from "../../src/metadata-server/lookup.ts";

const document = {
  hosts: [
    { uuid: "u1", name: "Node-1" },
    { uuid: "u2", name: "u1" },
    { uuid: "u3", name: "7" },
  ],
  services: [{ name: "web", labels: { "a/b c": "x", Empty: "", "": "nameless" } }],
  matrix: [[1, 2], [3]],
  nothing: null,
};
const answers = new Map([["latest", new Map([["default", document]])]]);
const find = (...path: string[]) => findAnswer(answers, "latest", "10.0.0.1", path);

it.each([
  { path: [], value: document },
  { path: ["hosts", "0", "uuid"], value: "u1" },
  { path: ["hosts", "+1", "uuid"], value: "u2" },
  { path: ["hosts", "Node-1", "uuid"], value: "u1" },
  { path: ["hosts", "u1", "uuid"], value: "u1" },
  { path: ["hosts", "u2", "name"], value: "u1" },
  { path: ["matrix", "1", "0"], value: 3 },
  { path: ["nothing"], value: null },
  { path: ["services", "web", "labels", "a/b c"], value: "x" },
  { path: ["services", "web", "labels", "Empty"], value: "" },
  { path: ["services", "web", "labels", ""], value: "nameless" },
  { path: ["SERVICES", "WEB", "Name"], value: "web" },
])("finds $path", ({ path, value }) => {
  expect(find(...path)).toEqual({ value });
});

it.each([
  { why: "an unknown key", path: ["nobody"] },
  { why: "an index out of range", path: ["hosts", "3"] },
  { why: "a negative index", path: ["hosts", "-1"] },
  { why: "a name that looks like an index", path: ["hosts", "7"] },
  { why: "a name in another case than it is written", path: ["hosts", "NODE-1"] },
  { why: "a path that only matches partly lower-cased", path: ["SERVICES", "web", "labels", "Empty"] },
  { why: "a key below a scalar", path: ["services", "web", "name", "length"] },
  { why: "an inherited property", path: ["constructor"] },
  { why: "a prototype", path: ["__proto__"] },
  { why: "an element of a list of lists by name", path: ["matrix", "name"] },
])("does not find $why: $path", ({ path }) => {
  expect(find(...path)).toBeUndefined();
});

it.each([
  ["nothing", "x"],
  ["nothing", "x", "y"],
  ["NOTHING", "0"],
])("has no answer at all below null: %s/%s", (...path) => {
  expect(find(...path)).toBe("below-null");
});

it("finds every value of a document by its path", () => {
  fc.assert(
    fc.property(fc.dictionary(fc.string(), fc.jsonValue({ maxDepth: 3 })), (made) => {
      const only = new Map([["latest", new Map([["default", made]])]]);
      const visit = (value: unknown, path: string[]) => {
        expect(findAnswer(only, "latest", "", path)).toEqual({ value });
        if (typeof value !== "object" || value === null) return;
        for (const [key, inner] of Object.entries(value)) visit(inner, [...path, key]);
      };
      visit(made, []);
    }),
  );
});

it("never throws, for any request", () => {
  fc.assert(fc.property(fc.array(fc.string()), (path) => void find(...path)));
});

it("searches only a client's own document if it has one", () => {
  const both = new Map([
    [
      "latest",
      new Map<string, object>([
        ["default", { a: 1, b: 1 }],
        ["10.0.0.1", { a: 2 }],
      ]),
    ],
  ]) as typeof answers & Map<string, Map<string, Record<string, unknown>>>;

  expect(findAnswer(both, "latest", "10.0.0.1", ["a"])).toEqual({ value: 2 });
  expect(findAnswer(both, "latest", "10.0.0.1", ["b"])).toBeUndefined();
  expect(findAnswer(both, "latest", "10.0.0.2", ["b"])).toEqual({ value: 1 });
});

it("finds nothing in an unknown version", () => {
  expect(findAnswer(answers, "2017-01-01", "10.0.0.1", [])).toBeUndefined();
});

it("lists the loaded versions, and latest even if none is loaded", () => {
  expect(versionPaths(new Map())).toEqual({ latest: "/latest" });
  expect(
    versionPaths(
      new Map([
        ["2016-07-29", new Map()],
        ["latest", new Map()],
      ]),
    ),
  ).toEqual({
    "2016-07-29": "/2016-07-29",
    latest: "/latest",
  });
});
