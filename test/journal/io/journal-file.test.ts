import { appendFile, mkdtemp, readdir, readFile, rm, stat, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import { openJournalFile, readJournalLines } from "../../../src/journal/io/journal-file.ts";
import { HARMED_DISKS, mountTmpfs } from "../../system/io/small-tmpfs.ts";

let folder: string;
let errors: unknown[];
beforeEach(async () => {
  folder = await mkdtemp(path.join(tmpdir(), "rk-journal-"));
  errors = [];
});
afterEach(() => rm(folder, { recursive: true, force: true, maxRetries: 20 }));

const open = (maxBytes?: number) => openJournalFile(folder, (error) => errors.push(error), maxBytes);

it("keeps lines in order, over restarts", async () => {
  const first = await open();
  for (let count = 0; count < 100; count += 1) first.append(`a${count}`);
  await first.flush();
  const second = await open();
  second.append("b");
  await second.flush();

  expect(await readJournalLines(folder)).toEqual([
    ...Array.from({ length: 100 }, (_, count) => `a${count}`),
    "b",
  ]);
  expect((await stat(path.join(folder, "journal.jsonl"))).mode & 0o777).toBe(0o600);
});

it("is bounded: two files, and the oldest lines are dropped", async () => {
  const journal = await open(1_000);
  const lines = Array.from({ length: 500 }, (_, count) => `line ${String(count).padStart(4, "0")}`);
  for (const line of lines) {
    journal.append(line);
    await journal.flush();
  }
  const kept = await readJournalLines(folder);

  expect(await readdir(folder)).toEqual(["journal.jsonl", "journal.older.jsonl"]);
  expect(kept).toEqual(lines.slice(-kept.length));
  expect(kept.length).toBeGreaterThanOrEqual(100);
  for (const name of await readdir(folder)) {
    expect((await stat(path.join(folder, name))).size).toBeLessThanOrEqual(1_000);
  }
});

it("continues after a line that a power loss cut short", async () => {
  await appendFile(path.join(folder, "journal.jsonl"), '{"at":"2026\n{"cut');
  const journal = await open();
  journal.append("whole");
  await journal.flush();

  expect(await readJournalLines(folder)).toEqual(['{"at":"2026', '{"cut', "whole"]);
});

it("follows no link: its lines are lost, and what the link leads to stays as it is", async () => {
  const target = path.join(folder, "precious");
  await writeFile(target, "no line break");
  await symlink(target, path.join(folder, "journal.jsonl"));
  const journal = await open();
  journal.append("lost");
  await journal.flush();

  expect(errors).toMatchObject([{ code: "ELOOP" }]);
  expect(await readFile(target, "utf8")).toBe("no line break");
});

it.each(HARMED_DISKS)("loses lines on a disk that is $disk, and says so once", async ({ harm, cause }) => {
  const disk = await mountTmpfs();
  try {
    const journal = await openJournalFile(disk.path, (error) => errors.push(error));
    await harm(disk);
    for (const line of ["lost", "lost, too"]) {
      journal.append(line);
      await journal.flush();
    }

    expect(errors).toMatchObject([{ code: cause }]);
    expect(await readJournalLines(disk.path)).toEqual([]);
  } finally {
    await disk.remove();
  }
});

it("reports lost lines once, and continues when it can write again", async () => {
  const journal = await open();
  await rm(folder, { recursive: true, maxRetries: 20 });
  journal.append("lost");
  await journal.flush();
  journal.append("lost, too");
  await journal.flush();

  expect(errors).toHaveLength(1);
  expect(await readJournalLines(folder)).toEqual([]);
});

it("reports once that lines are lost because too many wait", async () => {
  const journal = await open();
  for (let count = 0; count < 1_500; count += 1) journal.append(`a${count}`);
  expect(errors).toMatchObject([{ message: "1000 lines wait for a slow disk" }]);
  await journal.flush();
  expect(await readJournalLines(folder)).toHaveLength(1_000);

  for (let count = 0; count < 1_500; count += 1) journal.append(`b${count}`);
  expect(errors).toHaveLength(2);
  await journal.flush();
});
