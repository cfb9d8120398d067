import { expect, it } from "vitest";
import { readDocument } from "./readme.ts";

const TEXT = readDocument("CHANGELOG.md");

it("CHANGELOG.md has one part for what is not released, and one for the version of package.json once that is released", () => {
  const { version } = JSON.parse(readDocument("package.json")) as { version: string };
  const headings = [...TEXT.matchAll(/^## \[(.+?)\](.*)$/gm)];
  const names = headings.map(([, name]) => name);

  expect(names[0]).toBe("Unreleased");
  expect(headings.slice(1).filter(([, , date]) => !/^ - \d{4}-\d\d-\d\d$/.test(date ?? ""))).toEqual([]);
  expect(names.includes(version)).toBe(!TEXT.includes("No version is released yet."));
});

it("CHANGELOG.md has each kind of change once in a part", () => {
  for (const part of TEXT.split(/^## /m)) {
    const kinds = [...part.matchAll(/^### (.+)$/gm)].map(([, kind]) => kind);
    expect(kinds).toEqual([...new Set(kinds)]);
  }
});
