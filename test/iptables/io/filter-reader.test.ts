import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import pino from "pino";
import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { createSharedChains } from "../../../src/iptables/io/chains-listing.ts";
import { type FilterReader, openFilterReader } from "../../../src/iptables/io/filter-reader.ts";

const NO_CHAINS = { nftables: [{ metainfo: {} }] };
const CHAINS = { nftables: [{ chain: { family: "ip", table: "filter", name: "FORWARD" } }] };
const EMPTY = "*filter\n:FORWARD DROP [0:0]\nCOMMIT";
const RULES = "*filter\n:FORWARD ACCEPT [0:0]\n[1:2] -A FORWARD -p udp -j ACCEPT\nCOMMIT";

let folder: string;
let stop: AbortController;
let changes: { isListening: boolean; changedAtMs: number };
let reader: FilterReader;

beforeEach(async () => {
  folder = await mkdtemp(path.join(tmpdir(), "rk-filter-"));
  vi.stubEnv("PATH", `${folder}:${process.env["PATH"]}`);
  stop = new AbortController();
  changes = { isListening: true, changedAtMs: Number.NEGATIVE_INFINITY };
  reader = openFilterReader({
    family: "ipv4",
    nftChanges: changes,
    sharedChains: createSharedChains(stop.signal, changes),
    log: pino({ level: "silent" }),
    signal: stop.signal,
  });
});

afterEach(async () => {
  stop.abort();
  vi.unstubAllEnvs();
  await rm(folder, { recursive: true, force: true, maxRetries: 20 });
});

/** The kernel has these rules of nft. */
async function host(chains: object | "unreadable", save: string): Promise<void> {
  const list = chains === "unreadable" ? "exit 1" : `echo '${JSON.stringify(chains)}'`;
  await program("nft", list);
  await program("iptables-nft-save", `echo '${save}'`);
}

function program(name: string, script: string): Promise<void> {
  const text = `#!/bin/sh\necho ${name} >> ${folder}/started\n${script}\n`;
  return writeFile(path.join(folder, name), text, { mode: 0o755 });
}

/** What is read of nft's table, and what was started for it. */
async function read(isUrgent = false) {
  await rm(path.join(folder, "started"), { force: true });
  const [nft] = await reader.read(isUrgent);
  const started = await readFile(path.join(folder, "started"), "utf8").catch(() => "");
  const text = nft?.read.kind === "table" ? nft.read.text : undefined;
  return {
    kind: nft?.read.kind,
    hasRule: text?.includes("-A FORWARD"),
    started: started.split("\n").filter(Boolean),
  };
}

it("saves no table that nft does not list, and looks for it again when nft reports a change", async () => {
  await host(NO_CHAINS, "");
  expect(await read()).toEqual({ kind: "absent", hasRule: undefined, started: ["nft"] });
  expect(await read()).toEqual({ kind: "absent", hasRule: undefined, started: [] });

  await host(CHAINS, RULES);
  expect(await read()).toMatchObject({ kind: "absent", started: [] });
  changes.changedAtMs = performance.now();
  expect(await read()).toEqual({ kind: "table", hasRule: true, started: ["nft", "iptables-nft-save"] });
  expect(await read()).toEqual({ kind: "table", hasRule: true, started: ["iptables-nft-save"] });
});

it("looks for it at once where that is urgent", async () => {
  await host(NO_CHAINS, "");
  await read();
  await host(CHAINS, RULES);
  expect(await read(true)).toMatchObject({ kind: "table", hasRule: true });
});

it("saves a table without rules each time, because nft reports nothing of its policy", async () => {
  await host(CHAINS, EMPTY);
  expect(await read()).toMatchObject({ kind: "table", hasRule: false });
  expect((await read()).started).toContain("iptables-nft-save");
});

it("sees that a table has gone", async () => {
  await host(CHAINS, RULES);
  await read();
  await host(NO_CHAINS, "");
  changes.changedAtMs = performance.now();
  expect(await read()).toMatchObject({ kind: "absent" });
});

it("saves the table where nft does not answer", async () => {
  await host("unreadable", RULES);
  expect(await read()).toMatchObject({ kind: "table", hasRule: true });
});
