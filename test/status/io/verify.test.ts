import pino from "pino";
import { afterEach, expect, it } from "vitest";
import { AgentError } from "../../../src/errors.ts";
import { instanceStatus } from "../../../src/keepalived/instance-status.ts";
import type { Remedy, TrackFileAccess } from "../../../src/status/contradiction.ts";
import { createStatusStore } from "../../../src/status/io/store.ts";
import { runVerification } from "../../../src/status/io/verify.ts";
import type { HeldAddress, MissingVip } from "../../../src/status/missing-vip.ts";
import { isWell, type Status } from "../../../src/status/status.ts";
import { createTrigger } from "../../../src/system/io/trigger.ts";
import { INSTANCE } from "../../fixtures/desired.ts";

let stop: AbortController;
afterEach(() => stop.abort());

const AT = "2026-11-22T14:00:00.000Z";

function stage() {
  stop = new AbortController();
  const log = pino({ level: "silent" });
  const store = createStatusStore({
    version: "0.1.0",
    pid: 7,
    stateDir: "/run/x",
    log,
    publish: () => undefined,
  });
  store.update({
    keepalived: { isRunning: true, pid: 8 },
    instances: [instanceStatus(INSTANCE, { name: "MASTER", since: AT })],
  });
  const world: {
    vips: HeldAddress[] | Error;
    /** What the readings after the next one find. */
    laterVips?: HeldAddress[] | Error;
    /** What a reading finds that is not urgent. */
    knownVips?: HeldAddress[];
    /** When to repair again. */
    repairMs?: number;
    isSilent: boolean;
    isHung: boolean;
    access: TrackFileAccess;
  } = {
    vips: [{ interface: "eth0", address: INSTANCE.firstVip.address }],
    isSilent: false,
    isHung: false,
    access: { kind: "unknown" },
  };
  let verifications = 0;
  /** Of each reading, whether it was urgent. */
  const asked: boolean[] = [];
  const remedies: Remedy[] = [];
  const repairs: (readonly MissingVip[])[] = [];
  const trigger = createTrigger(stop.signal);
  const ended = runVerification({
    store,
    trigger,
    dump: async () => {
      if (world.isSilent) throw new Error("silent");
      if (world.isHung) throw new AgentError("KEEPALIVED_HUNG", "no answer");
      return [];
    },
    readVips: async (isUrgent) => {
      verifications += 1;
      asked.push(isUrgent);
      const linksUp = new Set(["eth0"]);
      if (!isUrgent && world.knownVips !== undefined) return { held: world.knownVips, linksUp };
      const { vips } = world;
      if (world.laterVips !== undefined) world.vips = world.laterVips;
      if (vips instanceof Error) throw vips;
      return { held: vips, linksUp };
    },
    trackFileAccess: async () => world.access,
    applyRemedy: async (remedy) => void remedies.push(remedy),
    repair: async (missing) => {
      repairs.push(missing);
      return world.repairMs;
    },
    log,
    signal: stop.signal,
  });
  const texts = () => store.status.contradictions.map(({ text }) => text);
  return {
    store,
    world,
    trigger,
    ended,
    texts,
    remedies,
    repairs,
    verifications: () => verifications,
    asked,
  };
}

it("asks the kernel after a change; without one, only where what is known of it contradicts", async () => {
  const { world, trigger, asked, texts } = stage();
  trigger.fire();
  await expect.poll(() => asked).toEqual([true]);

  await expect.poll(() => asked, { timeout: 40_000 }).toEqual([true, false]);

  world.knownVips = [];
  await expect.poll(() => asked, { timeout: 40_000 }).toEqual([true, false, false, true]);
  expect(texts()).toEqual([]);
}, 100_000);

it("asks the kernel each time while it lacks a further VIP", async () => {
  const { store, world, trigger, asked, repairs } = stage();
  const excludedVips = [{ address: "198.51.100.51", prefix: 32 }];
  store.update({ instances: [instanceStatus({ ...INSTANCE, excludedVips }, { name: "MASTER", since: AT })] });
  world.repairMs = 500;
  trigger.fire();

  await expect.poll(() => repairs.length).toBeGreaterThanOrEqual(3);
  expect(asked).not.toContain(false);
});

it("shows a lost VIP at once, counts it after 5 s, and ends when the VIP is back", async () => {
  const { store, world, trigger, texts } = stage();
  world.vips = [];
  trigger.fire();
  await expect.poll(texts).toEqual(["main is MASTER without 198.51.100.50 on eth0"]);
  expect(isWell(store.status)).toBe(true);

  await expect.poll(() => isWell(store.status)).toBe(false);

  world.vips = [{ interface: "eth0", address: INSTANCE.firstVip.address }];
  await expect.poll(texts).toEqual([]);
  expect(isWell(store.status)).toBe(true);
});

it("shows a silent keepalived, and addresses that cannot be read", async () => {
  const { world, trigger, texts } = stage();
  world.isSilent = true;
  world.vips = new Error("no ip");
  trigger.fire();

  await expect.poll(texts).toHaveLength(2);
  expect(texts().join()).toMatch(
    /not reported its states since .*,the addresses of this host cannot be read/,
  );
});

it("removes a backup's VIP that is still there after a second, and again when it comes back", async () => {
  const { store, trigger, remedies } = stage();
  store.update({ instances: [instanceStatus(INSTANCE, { name: "BACKUP", since: AT })] });
  trigger.fire();

  await expect.poll(() => remedies.length).toBeGreaterThanOrEqual(2);
  expect(remedies[0]).toEqual({ kind: "remove", addresses: new Set([INSTANCE.firstVip.address]) });
});

it("replaces keepalived once for a first VIP that stays away, and then has the group held", async () => {
  const { world, trigger, remedies } = stage();
  world.vips = [];
  trigger.fire();

  await expect.poll(() => remedies.length).toBeGreaterThanOrEqual(3);
  expect(remedies.slice(0, 3).map(({ kind }) => kind)).toEqual(["replace", "hold", "hold"]);
});

it("has a further VIP that is missing repaired, and counts no contradiction", async () => {
  const { store, trigger, repairs, texts } = stage();
  const excludedVips = [{ address: "198.51.100.51", prefix: 32 }];
  store.update({ instances: [instanceStatus({ ...INSTANCE, excludedVips }, { name: "MASTER", since: AT })] });
  trigger.fire();

  await expect.poll(() => repairs.length).toBe(1);
  expect(repairs[0]).toEqual([{ group: "main", interface: "eth0", address: "198.51.100.51", prefix: 32 }]);
  expect(texts()).toEqual([]);
});

it("applies no remedy to what ended by the next verification", async () => {
  const { world, trigger, texts, remedies, verifications } = stage();
  const { vips } = world;
  world.vips = [];
  world.laterVips = vips;
  trigger.fire();
  await expect.poll(verifications).toBeGreaterThan(0);

  trigger.fire();
  await expect.poll(verifications).toBeGreaterThan(1);
  await expect.poll(texts).toEqual([]);
  expect(remedies).toEqual([]);
});

it("replaces a keepalived that does not answer twice in a row, but not one that only reports nothing", async () => {
  const { world, trigger, remedies, verifications } = stage();
  world.isSilent = true;
  trigger.fire();
  await expect.poll(verifications).toBeGreaterThan(3);
  expect(remedies).toEqual([]);

  [world.isSilent, world.isHung] = [false, true];
  await expect.poll(() => remedies[0]).toMatchObject({ kind: "replace", how: "by force" });
});

it("does not verify without a change, and ends with the agent", async () => {
  const { trigger, ended, verifications } = stage();
  trigger.fire();
  await expect.poll(verifications).toBe(1);

  await new Promise((resolve) => setTimeout(resolve, 1_500));
  expect(verifications()).toBe(1);
  stop.abort();
  await ended;
});

it("is the same contradiction when another cause of it is found: it has lasted as long", async () => {
  const { store, world, trigger, texts } = stage();
  world.vips = [];
  const health = { group: "main", isHealthy: true, isDrained: false, checks: [] };
  store.update({
    health: [health as unknown as Status["health"][number]],
    instances: [instanceStatus(INSTANCE, { name: "FAULT", since: AT })],
  });
  trigger.fire();
  await expect.poll(texts).toEqual([expect.stringContaining("or may not read the file")]);
  const [first] = store.status.contradictions;

  world.access = { kind: "barred", barrier: "user 0 may not enter /srv (mode 700)" };
  trigger.fire();
  await expect.poll(texts).toEqual([expect.stringContaining("may not enter /srv")]);
  expect(store.status.contradictions[0]?.since).toBe(first?.since);
});
