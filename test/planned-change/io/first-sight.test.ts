/** An owner without memory hears adverts of another group in a member's name: forged ones move nothing, a real owner's do. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import pino from "pino";
import { describe, expect, it, onTestFinished, vi } from "vitest";
import { openPlannedChanges, type StepContext } from "../../../src/planned-change/io/planned-changes.ts";
import { openStateDir } from "../../../src/system/io/state-dir.ts";
import type { Advert } from "../../../src/vrrp/advert.ts";
import type { Instance } from "../../../src/vrrp/instance.ts";
import { INSTANCE } from "../../fixtures/desired.ts";
import { viewOf } from "../../fixtures/groups.ts";
import { ADVERT } from "../../fixtures/rival.ts";

const OWN_MAC = "02:00:00:00:00:11";
const OTHER_MAC = "02:00:00:00:00:12";
const VIP = INSTANCE.firstVip.address;
const IPV6_GROUP: Instance = {
  ...INSTANCE,
  firstVip: { address: "2001:db8::50", prefix: 128 },
  unicast: { source: "2001:db8::11", peers: ["2001:db8::12"], isAlone: false },
};
const FROM_MEMBER: Advert = {
  ...ADVERT,
  source: "198.51.100.12",
  destination: "198.51.100.11",
  ttl: 255,
  version: 3,
  virtualRouterId: INSTANCE.virtualRouterId,
  priority: 255,
  addresses: [VIP],
  authPass: undefined,
  intervalSeconds: 1,
};
const FORMS: Readonly<Record<string, Partial<Advert>>> = {
  "another version": { version: 2 },
  "another version and a password": { version: 2, authPass: "guess" },
  "another VRID": { virtualRouterId: 7 },
  "another VIP": { addresses: ["198.51.100.77"] },
  multicast: { destination: "224.0.0.18" },
};

function contextOf(hasMac: boolean): StepContext {
  const addresses = ["198.51.100.11", "2001:db8::11"].map((address) => ({
    address,
    prefix: 24,
    isSecondary: false,
  }));
  return {
    network: {
      interfaces: [{ name: "eth0", isLoopback: false, ...(hasMac && { mac: OWN_MAC }), addresses }],
      defaultRoute: {},
    },
    view: { ...viewOf({}), members: [] },
    listedAddresses: new Map(),
    refusedVips: new Set(),
  };
}

/** A host that has no memory, runs the group, and owns its VIPs or backs them up. */
async function startHost({ group = INSTANCE, state = "MASTER", hasMac = true } = {}) {
  const folder = mkdtempSync(path.join(tmpdir(), "first-sight-"));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true, maxRetries: 20 }));
  const listeners = new Set<(advert: Advert) => void>();
  const asked = new Set<string>();
  let turns = 0;
  let now = state;
  const changes = await openPlannedChanges({
    stateDir: await openStateDir(folder),
    listen: (_link, onAdvert, guarded) => {
      if (guarded !== undefined) asked.add(guarded.address);
      else listeners.add(onAdvert);
      return {
        sinceMs: 0,
        close: () => {
          if (guarded !== undefined) asked.delete(guarded.address);
          else listeners.delete(onAdvert);
        },
      };
    },
    stateOf: () => now,
    onTurn: () => {
      turns += 1;
    },
    onChange: () => undefined,
    log: pino({ enabled: false }),
  });
  const step = async () => {
    const desired = { routerId: "node-1.example", instances: [group] };
    const { holds } = await changes.step(desired, [group], contextOf(hasMac));
    return [...holds.keys()];
  };
  await step();
  return {
    step,
    asked,
    enter: (next: string) => {
      now = next;
    },
    hear: (advert: Advert) => {
      for (const listener of [...listeners]) listener(advert);
    },
    answer: (from: string, address = group.firstVip.address) =>
      changes.noteFrame({ text: "", interface: "eth0", mac: from, claim: { address, mac: from } }),
    get turns() {
      return turns;
    },
    get isChanging() {
      return changes.changing.size > 0;
    },
  };
}

describe.each(Object.entries(FORMS))("an advert in a member's name with %s", (_, terms) => {
  const advert = { ...FROM_MEMBER, ...terms };

  it("begins nothing on an owner, which asks who else has the VIP", async () => {
    const host = await startHost();
    host.hear(advert);
    host.answer(OWN_MAC);
    host.answer(OTHER_MAC, "198.51.100.77");

    expect(await host.step()).toEqual([]);
    expect([host.isChanging, host.turns]).toEqual([false, 0]);
    expect([...host.asked]).toEqual([VIP]);
  });

  it("holds an owner back once another machine answers for the VIP", async () => {
    const host = await startHost();
    host.hear(advert);
    host.answer(OTHER_MAC);

    expect(host.turns).toBe(1);
    expect(await host.step()).toEqual(["main"]);
  });

  it("holds a host back at once that owns nothing", async () => {
    const host = await startHost({ state: "BACKUP" });
    host.hear(advert);

    expect(await host.step()).toEqual(["main"]);
  });
});

it("takes an answer alone for nothing: it belongs to whoever owned the VIPs before", async () => {
  const host = await startHost();
  host.answer(OTHER_MAC);
  host.hear({ ...FROM_MEMBER, version: 2 });

  expect(await host.step()).toEqual([]);
});

it("asks for the VIP that the other group has, too", async () => {
  const further = { address: "198.51.100.60", prefix: 24 };
  const host = await startHost({ group: { ...INSTANCE, excludedVips: [further] } });
  host.hear({ ...FROM_MEMBER, virtualRouterId: 7, addresses: [further.address] });
  expect([...host.asked]).toEqual([further.address]);
  host.answer(OTHER_MAC, further.address);

  expect(await host.step()).toEqual(["main"]);
});

it.each([
  { what: "has no MAC", options: { hasMac: false }, source: {} },
  {
    what: "has no link-local address for an IPv6 VIP",
    options: { group: IPV6_GROUP },
    source: { source: "2001:db8::12", destination: "2001:db8::11", addresses: ["2001:db8::50"] },
  },
])("believes adverts at once where it cannot ask, as it $what", async ({ options, source }) => {
  const host = await startHost(options);
  host.hear({ ...FROM_MEMBER, ...source, virtualRouterId: 7 });

  expect(await host.step()).toEqual(["main"]);
});

it.each([
  {
    what: "a host that starts slowly listens for 5 s after it may own the VIPs",
    faultMs: 20_000,
    holds: ["main"],
  },
  { what: "a host that may not own them listens for a minute", faultMs: 61_000, holds: [] },
])("$what", async ({ faultMs, holds }) => {
  vi.useFakeTimers({ toFake: ["performance"] });
  onTestFinished(() => void vi.useRealTimers());
  const host = await startHost({ state: "FAULT" });
  for (let waitedMs = 0; waitedMs < faultMs; waitedMs += 1_000) {
    vi.advanceTimersByTime(1_000);
    await host.step();
  }
  host.enter("MASTER");
  await host.step();
  vi.advanceTimersByTime(5_000);
  await host.step();
  host.hear({ ...FROM_MEMBER, virtualRouterId: 7 });
  host.answer(OTHER_MAC);

  expect(await host.step()).toEqual(holds);
});
