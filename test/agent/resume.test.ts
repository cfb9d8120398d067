/** What an earlier run left runs again: no hold is lost, though nothing but that run is known of the groups. */
import { mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { pino } from "pino";
import { afterEach, beforeEach, expect, it } from "vitest";
import { type ResumeOptions, resume } from "../../src/agent/resume.ts";
import { trackFileOf } from "../../src/conf/paths.ts";
import { type Health, openHealth } from "../../src/health/io/health.ts";
import { createGroupListening } from "../../src/listening/io/group-listening.ts";
import { createOwnerPace } from "../../src/listening/owner-pace.ts";
import { createMetadataStore } from "../../src/metadata/io/store.ts";
import type { HostNetwork } from "../../src/network/host-network.ts";
import { parseSettings } from "../../src/settings/settings.ts";
import { openStateDir } from "../../src/system/io/state-dir.ts";
import { INSTANCE } from "../fixtures/desired.ts";

const SETTINGS = parseSettings({ VIRTUAL_IP: "198.51.100.50", IPTABLES_BACKEND: "legacy" });
const NETWORK: HostNetwork = {
  interfaces: [
    {
      name: "eth0",
      index: 2,
      isLoopback: false,
      addresses: [{ address: "198.51.100.11", prefix: 24, isSecondary: false }],
    },
  ],
  defaultRoute: { ipv4: "eth0" },
};

let folder: string;
let end: AbortController;
let heldBy: string | undefined;
let health: Health;
const trackFile = () => readFile(trackFileOf(path.join(folder, "track"), "main"), "utf8");

beforeEach(async () => {
  folder = await mkdtemp(path.join(tmpdir(), "rk-resume-"));
  end = new AbortController();
  heldBy = undefined;
  const trackDir = path.join(folder, "track");
  await mkdir(trackDir);
  // an earlier run was killed as owner
  await writeFile(trackFileOf(trackDir, "main"), "1\n");
  health = openHealth({
    trackDir,
    settings: SETTINGS,
    metadata: await createMetadataStore(await openStateDir(path.join(folder, "state")), 0),
    client: undefined,
    subscribeRules: () => ({ isListening: false, changedAtMs: 0 }),
    onUnenforced: () => undefined,
    onPause: () => undefined,
    report: { problem: () => undefined, problems: () => undefined, ok: () => undefined },
    onStatus: ([group]) => {
      heldBy = group?.heldBy;
    },
    log: pino({ level: "silent" }),
    signal: end.signal,
  });
});
afterEach(async () => {
  end.abort();
  await rm(folder, { recursive: true, force: true, maxRetries: 5 }); // a track file may still be replaced
});

/** Resumes, and gives what keepalived finds at its start. */
async function resumeOn(
  network: HostNetwork,
  change: Partial<ResumeOptions> = {},
): Promise<{ text: string; heldBy: string | undefined } | undefined> {
  const log = pino({ level: "silent" });
  const own = health; // a listening goes on after its test
  let found: { text: string; heldBy: string | undefined } | undefined;
  await resume({
    live: { current: SETTINGS },
    network: { read: async () => network },
    heldVips: { addresses: new Set() },
    applier: {
      lastConfirmed: [INSTANCE],
      inForce: [INSTANCE],
      resume: async (beforeStart) => {
        await beforeStart();
        found = { text: await trackFile(), heldBy };
        return true;
      },
    },
    health,
    listening: createGroupListening({
      pace: createOwnerPace(),
      onPace: () => undefined,
      send: () => undefined,
      ownAddresses: () => [],
      hostAddresses: () => [],
      readGateways: () => [],
      findHostsWithoutVrrp: async () => new Set(),
      listen: () => ({ sinceMs: undefined, close: () => undefined }),
      hold: (group, reason) => own.setHold(group, reason, "listening"),
      isHost: () => undefined,
      onHeard: () => undefined,
      stateOf: () => undefined,
      log,
    }),
    toldAtOnce: [],
    log,
    ...change,
  });
  return found;
}

it("holds each group back before keepalived starts, though an earlier run left a yes", async () => {
  expect(await resumeOn(NETWORK)).toEqual({
    text: "0\n",
    heldBy: "this host cannot hear other hosts on eth0 yet",
  });
});

it("holds a group back whose source is gone", async () => {
  const found = await resumeOn({ ...NETWORK, interfaces: [{ ...NETWORK.interfaces[0]!, addresses: [] }] });

  expect(found?.heldBy).toContain("198.51.100.11");
});

it("leaves a hold of another cause alone", async () => {
  health.setHoldOnAll("the gate blocks", "gate");
  expect(await resumeOn(NETWORK)).toEqual({ text: "0\n", heldBy: "the gate blocks" });
});

it("lets the group own its VIPs once nothing holds it, by the checks of the environment", async () => {
  // a listening that goes on would hold the group back again
  const listening = { begin: () => health.setHold("main", "listens", "listening") };
  expect(await resumeOn(NETWORK, { listening })).toEqual({ text: "0\n", heldBy: "listens" });
  health.setHold("main", undefined, "listening");

  expect(heldBy).toBeUndefined();
  await expect.poll(trackFile).toBe("1\n");
});

it("does not start keepalived where no track file can be made", async () => {
  const addPlans = async () => {
    throw new Error("no space left");
  };
  expect(await resumeOn(NETWORK, { health: { ...health, addPlans } })).toBeUndefined();
});
