/** A journal that is followed while it grows, is cut into two files, and begins anew. */
import { appendFile, mkdtemp, rename, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import { followJournalLines } from "../../../src/journal/io/follow-file.ts";

let dir: string;
let stop: AbortController;
let following: AsyncGenerator<readonly string[]>;

beforeEach(async () => {
  dir = await mkdtemp(path.join(tmpdir(), "journal-"));
  stop = new AbortController();
  following = followJournalLines(dir, stop.signal);
});
afterEach(async () => {
  stop.abort();
  await rm(dir, { recursive: true, maxRetries: 20 });
});

const file = () => path.join(dir, "journal.jsonl");
const older = () => path.join(dir, "journal.older.jsonl");
const next = async () => (await following.next()).value;

it("yields what is there, and then what comes, each line once and whole", async () => {
  await appendFile(older(), "0\n");
  await appendFile(file(), "1\n2\n");
  expect(await next()).toEqual(["0", "1", "2"]);
  expect(await next()).toEqual([]);

  await appendFile(file(), "3\n4");
  expect(await next()).toEqual(["3"]);
  await appendFile(file(), "4\n");
  expect(await next()).toEqual(["44"]);
});

it("loses no line where the file becomes the older one", async () => {
  await appendFile(file(), "1\n");
  expect(await next()).toEqual(["1"]);

  await appendFile(file(), "2\n");
  await rename(file(), older());
  await appendFile(file(), "3\n");
  expect(await next()).toEqual(["2", "3"]);
  await appendFile(file(), "4\n");
  expect(await next()).toEqual(["4"]);
});

it("waits for a journal that is not there yet, and ends with the signal", async () => {
  expect(await next()).toEqual([]);
  await appendFile(file(), "1\n");
  expect(await next()).toEqual(["1"]);
  // STATE_DIR was emptied
  await rm(file());
  await appendFile(file(), "9\n");
  expect(await next()).toEqual(["9"]);

  stop.abort();
  expect((await following.next()).done).toBe(true);
});
