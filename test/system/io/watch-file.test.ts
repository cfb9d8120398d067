import { mkdtemp, rename, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import { watchFile, watchFileByDirectory } from "../../../src/system/io/watch-file.ts";

let folder: string;
let file: string;
let stop: AbortController;
let events: string[];
const note = (event: string) => () => void events.push(event);
beforeEach(async () => {
  folder = await mkdtemp(path.join(tmpdir(), "rk-watch-"));
  file = path.join(folder, "watched");
  stop = new AbortController();
  events = [];
});
afterEach(async () => {
  stop.abort();
  await rm(folder, { recursive: true, force: true, maxRetries: 20 });
});

/** What both ways of watching get. */
function watching() {
  return { onChange: note("change"), onError: note("error"), signal: stop.signal };
}

it.each([
  { how: "inotify", method: { stableMs: 50 } },
  { how: "polling", method: { stableMs: 50, pollIntervalMs: 50 } },
])("reports a file that is created, written, replaced and removed: $how", async ({ method }) => {
  await watchFile(file, { ...method, onRemove: note("remove") }, watching());

  /** A file that is emptied long before it is written, on a busy machine, changes twice. */
  const isReported = async (act: () => Promise<unknown>) => {
    const before = events.length;
    await act();
    await expect.poll(() => events.length).toBeGreaterThan(before);
  };
  await isReported(() => writeFile(file, "one"));
  await isReported(() => writeFile(file, "second"));
  await writeFile(`${file}.new`, "the third");
  await isReported(() => rename(`${file}.new`, file));
  expect(new Set(events)).toEqual(new Set(["change"]));
  await rm(file);
  await expect.poll(() => events.at(-1)).toBe("remove");
  expect(new Set(events.slice(0, -1))).toEqual(new Set(["change"]));
});

it("reports a file of a watched directory, also its removal, and no other file there", async () => {
  watchFileByDirectory(file, watching());

  await writeFile(path.join(folder, "other"), "one");
  await writeFile(`${file}.new`, "one");
  expect(events).toEqual([]);
  await rename(`${file}.new`, file);
  await expect.poll(() => events.length).toBeGreaterThan(0);
  const before = events.length;
  await rm(file);
  await expect.poll(() => events.length).toBeGreaterThan(before);
  expect(new Set(events)).toEqual(new Set(["change"]));
});

it("reports a directory that cannot be watched", () => {
  watchFileByDirectory(path.join(folder, "absent", "watched"), watching());

  expect(events).toEqual(["error"]);
});
