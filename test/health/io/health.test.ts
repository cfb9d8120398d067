import { mkdir, mkdtemp, readFile, rm, symlink } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import process from "node:process";
import { execa } from "execa";
import { pino } from "pino";
import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { openHealth } from "../../../src/health/io/health.ts";
import { createMetadataStore } from "../../../src/metadata/io/store.ts";
import { parseSettings } from "../../../src/settings/settings.ts";
import { openStateDir } from "../../../src/system/io/state-dir.ts";

let folder: string;
let shutdown: AbortController;
beforeEach(async () => {
  folder = await mkdtemp(path.join(tmpdir(), "rk-health-parts-"));
  shutdown = new AbortController();
  const bin = path.join(folder, "bin");
  await mkdir(bin);
  for (const name of ["setpriv", "bash", "sleep"]) {
    await symlink((await execa("which", [name])).stdout, path.join(bin, name));
  }
  vi.stubEnv("PATH", bin);
});
afterEach(async () => {
  shutdown.abort();
  vi.unstubAllEnvs();
  await expect.poll(childrenOfMine, { timeout: 10_000 }).toEqual([]);
  await rm(folder, { recursive: true, force: true });
});

/** Command lines of the processes that this one started. */
async function childrenOfMine(): Promise<string[]> {
  const { pid } = process;
  const pids = (await readFile(`/proc/${pid}/task/${pid}/children`, "utf8")).split(" ").filter(Boolean);
  const lines = pids.map((child) => readFile(`/proc/${child}/cmdline`, "utf8").catch(() => ""));
  return (await Promise.all(lines)).filter(Boolean);
}

/** @returns how often health asked to be told of changes of nft's rules. */
async function startWith(backend: string): Promise<number> {
  const log = pino({ level: "silent" });
  let subscriptions = 0;
  const health = openHealth({
    trackDir: folder,
    settings: parseSettings({ VIRTUAL_IP: "198.51.100.50", IPTABLES_BACKEND: backend }),
    metadata: await createMetadataStore(await openStateDir(path.join(folder, "state")), 0),
    client: undefined,
    subscribeRules: () => {
      subscriptions += 1;
      return { isListening: false, changedAtMs: 0 };
    },
    onUnenforced: () => undefined,
    onFrozen: () => undefined,
    report: { problem: () => undefined, problems: () => undefined, ok: () => undefined },
    onStatus: () => undefined,
    log,
    signal: shutdown.signal,
  });
  await health.setPlans(new Map());
  return subscriptions;
}

it.each([
  { backend: "auto", subscriptions: 1 },
  { backend: "nft", subscriptions: 1 },
  { backend: "legacy", subscriptions: 0 },
])("with the rules of $backend, changes of nft's are asked for $subscriptions times", async (is) => {
  expect(await startWith(is.backend)).toBe(is.subscriptions);
});
