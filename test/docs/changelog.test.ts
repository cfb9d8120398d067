import { expect, it } from "vitest";
import { readDocument } from "./readme.ts";

it("CHANGELOG.md has a section for the version of package.json, below Unreleased", () => {
  const { version } = JSON.parse(readDocument("package.json")) as { version: string };
  const headings = [...readDocument("CHANGELOG.md").matchAll(/^## \[(.+?)\]/gm)].map(([, name]) => name);

  expect(headings[0]).toBe("Unreleased");
  expect(headings).toContain(version);
});
