/** The rules of the house that a reader relies on: small files and folders, a header in each, one meaning for each name. */
import path from "node:path";
import { describe, expect, it } from "vitest";
import { readSourceFiles } from "./architecture.ts";

const MAX_FILES_IN_FOLDER = 20;
const MAX_LINES = 250;
const EXPORT = /^export (?:async |abstract )*(?:function\*?|const|class|interface|type) (\w+)/gm;

const files = readSourceFiles();
const folders = Map.groupBy(files, (file) => path.dirname(file.path));
const exports = files.flatMap(({ path: file, text }) =>
  [...text.matchAll(EXPORT)].map(([, name = ""]) => ({ name, file })),
);

describe.each(files)("$path", ({ text }) => {
  it("says in its first lines what it is for, and is no longer than one concept", () => {
    const [, header = ""] = /^(?:#!.*\n)?\/\*\*((?:(?!\*\/)[\s\S])*)\*\//.exec(text) ?? [];

    expect(header.trim()).not.toBe("");
    expect(text.split("\n").length).toBeLessThanOrEqual(MAX_LINES);
  });
});

it.each([...folders.keys()].toSorted())("%s can be read at a glance", (folder) => {
  expect(folders.get(folder)!.length).toBeLessThanOrEqual(MAX_FILES_IN_FOLDER);
});

it("gives each exported name one meaning", () => {
  const meanings = Map.groupBy(exports, ({ name }) => name);
  const ambiguous = [...meanings].filter(([, places]) => places.length > 1);

  expect(exports.length).toBeGreaterThan(500);
  expect(ambiguous).toEqual([]);
});
