import { mkdir, mkdtemp, readFile, rm, symlink } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import process from "node:process";
import { execa } from "execa";
import { pino } from "pino";
import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { trackFileOf } from "../../../src/conf/paths.ts";
import { type Health, openHealth } from "../../../src/health/io/health.ts";
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
  await expect.poll(childrenOfMine).toEqual([]);
  await rm(folder, { recursive: true, force: true, maxRetries: 5 }); // a track file may still be replaced
});

/** Command lines of the processes that this one started. */
async function childrenOfMine(): Promise<string[]> {
  const { pid } = process;
  const pids = (await readFile(`/proc/${pid}/task/${pid}/children`, "utf8")).split(" ").filter(Boolean);
  const lines = pids.map((child) => readFile(`/proc/${child}/cmdline`, "utf8").catch(() => ""));
  return (await Promise.all(lines)).filter(Boolean);
}

interface Started {
  readonly health: Health;
  /** How often health asked to be told of changes of nft's rules. */
  readonly subscriptions: number;
  /** Why each group is held back. */
  readonly holds: () => (string | undefined)[];
}

async function startWith(backend: string): Promise<Started> {
  const log = pino({ level: "silent" });
  let subscriptions = 0;
  let holds: (string | undefined)[] = [];
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
    onPause: () => undefined,
    report: { problem: () => undefined, problems: () => undefined, ok: () => undefined },
    onStatus: (groups) => {
      holds = groups.map(({ heldBy }) => heldBy);
    },
    log,
    signal: shutdown.signal,
  });
  await health.setPlans(new Map());
  return { health, subscriptions, holds: () => holds };
}

it.each([
  { backend: "auto", subscriptions: 1 },
  { backend: "nft", subscriptions: 1 },
  { backend: "legacy", subscriptions: 0 },
])("with the rules of $backend, changes of nft's are asked for $subscriptions times", async (is) => {
  expect((await startWith(is.backend)).subscriptions).toBe(is.subscriptions);
});

const pace = { rise: 1, fall: 1, intervalMs: 250, recheckMs: 120, unknownGraceMs: 1_000 };
const PLAN = { drainedBy: undefined, checks: [], timeoutMs: 1_000, pace };

it("holds a group back from its first plan on, where the hold began before", async () => {
  const { health, holds } = await startWith("auto");
  health.setHold("main", "this host listens", "listening");
  health.setHold("main", "its source is gone", "source");
  health.setHoldOnAll("the gate blocks", "gate");
  await health.addPlans(new Map([["main", PLAN]]));
  expect(holds()).toEqual(["the gate blocks"]);
  expect(await readFile(trackFileOf(folder, "main"), "utf8")).toBe("0\n");

  health.setHoldOnAll(undefined, "gate");
  health.setHold("main", undefined, "source");
  expect(holds()).toEqual(["this host listens"]);
  health.setHold("main", undefined, "listening");
  await expect.poll(() => readFile(trackFileOf(folder, "main"), "utf8")).toBe("1\n");
});

it("forgets the holds of a group that ends", async () => {
  const { health, holds } = await startWith("auto");
  health.setHold("web", "its owner comes first");
  health.setInForce({ groups: new Set(["main"]) });
  await health.setPlans(new Map([["web", PLAN]]));

  expect(holds()).toEqual([undefined]);
});

it("holds all groups back at once, and ends that without touching another hold", async () => {
  const { health, holds } = await startWith("auto");
  await health.setPlans(
    new Map([
      ["main", PLAN],
      ["web", PLAN],
    ]),
  );
  health.setHold("web", "its source is gone", "source");
  health.setHoldOnAll("the gate blocks", "gate");
  expect(holds()).toEqual(["the gate blocks", "its source is gone"]);

  health.setHoldOnAll(undefined, "gate");
  expect(holds()).toEqual([undefined, "its source is gone"]);
  await expect.poll(() => readFile(trackFileOf(folder, "main"), "utf8")).toBe("1\n");
});

it("removes the track file of a group that is gone, and makes it again when the group is back", async () => {
  const { health } = await startWith("auto");
  const pace = { rise: 1, fall: 1, intervalMs: 250, recheckMs: 120, unknownGraceMs: 1_000 };
  const plan = { drainedBy: undefined, checks: [], timeoutMs: 1_000, pace };
  const readWeb = () => readFile(trackFileOf(folder, "web"), "utf8");
  await health.setPlans(new Map([["web", plan]]));
  await expect.poll(readWeb).toBe("1\n");

  health.setInForce({ groups: new Set() });
  await health.cleanUp();
  await expect(readWeb()).rejects.toThrow("ENOENT");
  await health.setPlans(new Map([["web", plan]]));
  await expect.poll(readWeb).toBe("1\n");
});
