import { readdirSync } from "node:fs";
import path from "node:path";
import { describe, expect, it } from "vitest";
import { ROOT, readDocument, section, tableRows } from "./readme.ts";

const files = readdirSync(path.join(ROOT, "src"), { recursive: true, withFileTypes: true })
  .filter((entry) => entry.isFile())
  .map((entry) => path.relative(ROOT, path.join(entry.parentPath, entry.name)))
  .toSorted();
const rows = tableRows(section(readDocument("README.md"), "files"));
const patterns = rows.flatMap(([cell = ""]) => expandBraces(cell.replaceAll("`", "")));

/** `a/{b,c}.ts` is two patterns; each must find a file, or a row would go on naming one that is gone. */
function expandBraces(pattern: string): string[] {
  const [, before = "", inner = "", after = ""] = /^(.*?)\{(.*)\}(.*)$/.exec(pattern) ?? [];
  return inner === "" ? [pattern] : inner.split(",").map((part) => `${before}${part}${after}`);
}

describe("the file map in README.md", () => {
  it.each(files)("has %s in one row", (file) => {
    expect(patterns.filter((pattern) => path.matchesGlob(file, pattern))).toHaveLength(1);
  });

  it.each(patterns)("finds a file by %s", (pattern) => {
    expect(files.filter((file) => path.matchesGlob(file, pattern))).not.toEqual([]);
  });
});
