import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { createSharedChains, type SharedChains } from "../../../src/iptables/io/chains-listing.ts";

let folder: string;
let signal: AbortSignal;
/** What the monitor of nft tells. */
let changes: { isListening: boolean; changedAtMs: number };
let shared: SharedChains;
/** Added to the clock. */
let laterMs: number;

beforeEach(async () => {
  folder = await mkdtemp(path.join(tmpdir(), "rk-chains-"));
  await nftSays("one");
  vi.stubEnv("PATH", `${folder}:${process.env["PATH"]}`);
  laterMs = 0;
  const now = performance.now.bind(performance);
  vi.spyOn(performance, "now").mockImplementation(() => now() + laterMs);
  changes = { isListening: true, changedAtMs: Number.NEGATIVE_INFINITY };
  signal = new AbortController().signal;
  shared = createSharedChains(signal, changes);
});

afterEach(async () => {
  vi.restoreAllMocks();
  vi.unstubAllEnvs();
  await rm(folder, { recursive: true, force: true, maxRetries: 20 });
});

/** nft notes what it is asked, and answers with this. */
async function nftSays(text: string, end = ""): Promise<void> {
  const script = `#!/bin/sh\necho "$@" >> ${folder}/asked\necho ${text}\n${end}\n`;
  await writeFile(path.join(folder, "nft"), script, { mode: 0o755 });
}

async function asked(): Promise<number> {
  const text = await readFile(path.join(folder, "asked"), "utf8");
  expect(new Set(text.trim().split("\n"))).toEqual(new Set(["-j list chains"]));
  return text.trim().split("\n").length;
}

const list = async (isUrgent = false) => {
  const { read } = await shared.list({ isUrgent, timeoutMs: 20_000 });
  return read.kind === "table" ? read.text.trim() : read.kind;
};

it("serves a listing to all for a while, and tells when it began", async () => {
  const beforeMs = performance.now();
  const first = await shared.list({ isUrgent: false, timeoutMs: 20_000 });
  const afterMs = performance.now();
  await nftSays("two");

  laterMs = 40_000;
  expect(await shared.list({ isUrgent: false, timeoutMs: 20_000 })).toEqual(first);
  expect(first.atMs).toBeGreaterThanOrEqual(beforeMs);
  expect(first.atMs).toBeLessThanOrEqual(afterMs);
  expect(await asked()).toBe(1);

  laterMs = 45_000;
  expect(await list()).toBe("two");
});

it("serves none from before a change, and gives an urgent caller its own", async () => {
  expect(await list()).toBe("one");
  await nftSays("two");
  expect(await list(true)).toBe("two");
  expect([await list(), await asked()]).toEqual(["two", 2]);

  await nftSays("three");
  changes.changedAtMs = performance.now();
  expect([await list(), await asked()]).toEqual(["three", 3]);
});

it("shares nothing while nft reports no changes", async () => {
  changes.isListening = false;
  expect([await list(), await list(), await asked()]).toEqual(["one", "one", 2]);

  shared = createSharedChains(signal);
  expect([await list(), await list(), await asked()]).toEqual(["one", "one", 4]);
});

it("shares no failure, and a failure ends no listing that is shared", async () => {
  await nftSays("half", "exit 1");
  expect(await list()).toBe("error");
  await nftSays("one");
  expect(await list()).toBe("one");

  await nftSays("half", "exit 1");
  expect(await list(true)).toBe("error");
  expect([await list(), await asked()]).toEqual(["one", 3]);
});
