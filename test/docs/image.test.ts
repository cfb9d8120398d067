import { expect, it } from "vitest";
import { readDocument } from "./readme.ts";

it("the Dockerfile's Node is the one that the lock file has, with which the tests ran", () => {
  const { packages } = JSON.parse(readDocument("package-lock.json")) as {
    packages: Record<string, { version: string }>;
  };
  const [, version] = /^ARG NODE_BASE=node:([\d.]+)-/m.exec(readDocument("Dockerfile")) ?? [];

  expect(version).toBe(packages["node_modules/node"]?.version);
});
