import { mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import pino from "pino";
import { afterEach, beforeEach, expect, it } from "vitest";
import { removeLeftoverTrackFiles } from "../../../src/health/io/leftover-track-files.ts";

const LOG = pino({ level: "silent" });
let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(path.join(tmpdir(), "rk-leftovers-"));
});
afterEach(() => rm(folder, { recursive: true, force: true, maxRetries: 20 }));

it("leaves one file for each group, after 254 groups were renamed 30 times", async () => {
  let names: string[] = [];
  for (let round = 0; round < 30; round += 1) {
    names = Array.from({ length: 254 }, (_, index) => `group-${index}-${round}`);
    for (const name of names) await writeFile(path.join(folder, `health-${name}`), "1\n");
    await removeLeftoverTrackFiles(folder, new Set(names), LOG);
  }

  expect((await readdir(folder)).toSorted()).toEqual(names.map((name) => `health-${name}`).toSorted());
});

it("touches no other file, and no folder that is missing", async () => {
  const others = ["applied.json", "vrrp.fifo", ".health-web.draft", "health"];
  for (const name of others) await writeFile(path.join(folder, name), "");
  await removeLeftoverTrackFiles(folder, new Set(), LOG);
  await removeLeftoverTrackFiles(path.join(folder, "missing"), new Set(), LOG);

  expect((await readdir(folder)).toSorted()).toEqual(others.toSorted());
});
