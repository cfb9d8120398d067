import { expect, it } from "vitest";
import { readDocument } from "./readme.ts";

it("the Dockerfile's Node is the one that the lock file has, with which the tests ran", () => {
  const { packages } = JSON.parse(readDocument("package-lock.json")) as {
    packages: Record<string, { version: string }>;
  };
  const [, version] = /^ARG NODE_BASE=node:([\d.]+)-/m.exec(readDocument("Dockerfile")) ?? [];

  expect(version).toBe(packages["node_modules/node"]?.version);
});

it("is built by what BuildKit alone knows, and each document with the command says so", () => {
  expect(readDocument("Dockerfile")).toMatch(/^COPY --chmod=/m);
  for (const name of ["README.md", "docs/use/image.md"])
    expect(readDocument(name), name).toContain("before 23 with `DOCKER_BUILDKIT=1`");
});
