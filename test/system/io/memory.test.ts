import { chmod, chown, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import { findMemory } from "../../../src/system/io/memory.ts";

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(path.join(tmpdir(), "rk-memory-"));
});
afterEach(() => rm(folder, { recursive: true, force: true, maxRetries: 20 }));

it("is the one that Docker gives each container", async () => {
  expect(await findMemory()).toBe("/dev/shm");
});

it.each([
  { what: "root's alone", mode: 0o755, uid: 0, isUsed: true },
  { what: "everybody's, where each may remove only his own files", mode: 0o1777, uid: 0, isUsed: true },
  { what: "everybody's, where each may remove all files", mode: 0o777, uid: 0, isUsed: false },
  { what: "another user's", mode: 0o755, uid: 65_534, isUsed: false },
])("is used or not where it is $what", async ({ mode, uid, isUsed }) => {
  await chmod(folder, mode);
  await chown(folder, uid, 0);

  expect(await findMemory(folder)).toBe(isUsed ? folder : undefined);
});

it("is none where it is missing", async () => {
  expect(await findMemory(path.join(folder, "missing"))).toBeUndefined();
});
