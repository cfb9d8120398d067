import { mkdir, mkdtemp, readFile, rm, symlink, writeFile } from "node:fs/promises";
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
  await writeFile(path.join(bin, "nft"), "#!/bin/bash\nexec sleep 1000\n", { mode: 0o755 });
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

async function startWith(backend: string): Promise<void> {
  const log = pino({ level: "silent" });
  const health = openHealth({
    trackDir: folder,
    settings: parseSettings({ VIRTUAL_IP: "198.51.100.50", IPTABLES_BACKEND: backend }),
    metadata: await createMetadataStore(await openStateDir(path.join(folder, "state")), 0),
    client: undefined,
    onUnenforced: () => undefined,
    onFrozen: () => undefined,
    report: { problem: () => undefined, problems: () => undefined, ok: () => undefined },
    onStatus: () => undefined,
    log,
    signal: shutdown.signal,
  });
  await health.setPlans(new Map());
}

it.each([
  { backend: "auto", listeners: 1 },
  { backend: "nft", listeners: 1 },
  { backend: "legacy", listeners: 0 },
])("with the rules of $backend, $listeners process listens for changes of nft's", async (is) => {
  await startWith(is.backend);
  const isListener = (line: string) => /nft\0monitor|sleep\0/.test(line);

  expect((await childrenOfMine()).filter(isListener)).toHaveLength(is.listeners);
  expect((await childrenOfMine()).length).toBeGreaterThan(is.listeners); // the watchdog, started after it
});
