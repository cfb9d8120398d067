import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import { readDockerId } from "../../../src/system/io/proc.ts";

const id = "e287d4b6c660963383fc0874678b9cf6d050f9b8dc181fa95f997171258c633f";
let directory: string;

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), "own-container-"));
});
afterEach(() => rm(directory, { recursive: true, maxRetries: 20 }));

it("reads the id from the cgroup", async () => {
  await writeFile(join(directory, "cgroup"), `4:memory:/docker/${id}\n`);

  expect(await readDockerId(directory)).toBe(id);
});

it("reads the id from the mounts where the cgroup contains none", async () => {
  await writeFile(join(directory, "cgroup"), "0::/\n");
  await writeFile(
    join(directory, "mountinfo"),
    `9 8 8:1 /docker/containers/${id}/hostname /etc/hostname rw - ext4 /dev/sda1 rw\n`,
  );

  expect(await readDockerId(directory)).toBe(id);
});

it("knows none where there is neither file", async () => {
  expect(await readDockerId(join(directory, "absent"))).toBeUndefined();
});

it("reads this process without failing", async () => {
  expect((await readDockerId()) ?? id).toMatch(/^[0-9a-f]{64}$/);
});
