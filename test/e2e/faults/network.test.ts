/** The network around the hosts, harmed in every way that is known: the client reaches one host that works. */
import { setTimeout as sleep } from "node:timers/promises";
import { expect, it } from "vitest";
import type { Host } from "../lab/host.ts";
import { beyondStalls } from "../lab/stall.ts";
import { until } from "../lab/until.ts";
import { calm, startAll, statusOf, useLab, VIP } from "../scenario.ts";
import { type Direction, dropAdverts } from "./adverts.ts";
import { flapLink } from "./cable.ts";
import { CRASH_MS, courseOf, ownersSince, SOON_MS } from "./course.ts";

const used = useLab({ hosts: 2 });
const ENV = { PEER_REMOVAL_GRACE: "3" };
/** The promise for a VIP that somebody else takes away, ms. */
const BACK_MS = 5_000;
/** The promise for the client after a partition is 1 s. A busy machine adds the rest, beside its stalls. */
const CLIENT_MS = 2_000;
/** From the end of a partition until one of two owners has heard the other: an advert, and what a busy machine adds. */
const HEAL_MS = 1_500;

function otherThan(host: Host): Host {
  return used.lab.hosts.find((candidate) => candidate !== host)!;
}

/** Longer than a crash takes on a quiet machine, 0.65 s: what a fault leads to has begun by then. */
const LED_TO_MS = 1_500;
/** Three times as long: what flaps for want of an advert shows. */
const STEADY_MS = 2_500;

/** How often each host takes the VIP, from now on for some adverts: whether anything flaps. */
async function transitionsWithin(durationMs: number): Promise<number> {
  const sinceMs = Date.now();
  await sleep(durationMs);
  return ownersSince(used.lab, sinceMs).transitions;
}

it("moves the VIP once for a link that flaps five times, and only then", async () => {
  const { lab } = used;
  await startAll(lab, ENV);
  const course = await courseOf(lab, "link flaps 5 times in 8 s", (owner) =>
    flapLink(owner, { times: 5, periodMs: 1_600 }),
  );

  expect(course.transitions).toBe(1);
  expect(await lab.holders(VIP)).toEqual([otherThan(course.owner).name]);
  expect(course.silenceMs).toBeLessThan(CRASH_MS);
});

it.each(["owner", "backup"] as const)(
  "has one owner at once, and the client with it, after the %s was cut off",
  async (which) => {
    const { lab } = used;
    const owner = await calm(lab);
    const cutOff = which === "owner" ? owner : otherThan(owner);
    const prober = lab.probe(VIP);
    await prober.awaitAnswer(owner.name);
    const cutMs = Date.now();
    await cutOff.setLink("down", "wire");
    await until(async () => (await lab.holders(VIP)).length === 2, SOON_MS, "both sides have an owner");
    const takenMs = Date.now() - cutMs;
    await prober.awaitAnswer(otherThan(cutOff).name, { timeoutMs: SOON_MS });
    const apart = prober.report({ sinceMs: cutMs });
    const apartMs = apart.longestSilenceMs;

    const healedMs = Date.now();
    await cutOff.setLink("up", "wire");
    const after = await until(() => lab.owner(VIP), SOON_MS, "one of two owners yields");
    await prober.awaitAnswer(after.name, { timeoutMs: SOON_MS });
    await calm(lab);
    const healed = await prober.stop({ sinceMs: healedMs });
    const { silences, longestSilenceMs } = healed;
    const { doubleMs, transitions } = ownersSince(lab, healedMs);
    process.stdout.write(
      `measured: ${which} cut off: taken over after ${takenMs} ms, client silent ${apartMs.toFixed(0)} ms; after the heal: two owners ${doubleMs.toFixed(0)} ms, client silent ${longestSilenceMs.toFixed(0)} ms\n`,
    );

    expect(beyondStalls(takenMs, apart)).toBeLessThan(CRASH_MS);
    expect(beyondStalls(doubleMs, healed)).toBeLessThan(HEAL_MS);
    expect(transitions).toBe(0);
    expect(beyondStalls(longestSilenceMs, healed), JSON.stringify(silences)).toBeLessThan(CLIENT_MS);
  },
);

it.each<{ what: string; direction: Direction; whose: "owner" | "backup" }>([
  { what: "the owner hears no adverts", direction: "incoming", whose: "owner" },
  { what: "the backup hears no adverts", direction: "incoming", whose: "backup" },
  { what: "the owner's adverts are lost", direction: "outgoing", whose: "owner" },
  { what: "all adverts of the owner are dropped", direction: "both", whose: "owner" },
])("does not flap while $what, and has one owner soon after", async ({ what, direction, whose }) => {
  const { lab } = used;
  const owner = await calm(lab);
  const prober = lab.probe(VIP);
  await prober.awaitAnswer(owner.name);
  const sinceMs = Date.now();
  const undo = await dropAdverts(whose === "owner" ? owner : otherThan(owner), direction);
  try {
    await sleep(LED_TO_MS); // the take-over that this leads to, if it does
    expect(await transitionsWithin(STEADY_MS)).toBe(0);
  } finally {
    await undo();
  }
  const healedMs = Date.now();
  const { transitions } = ownersSince(lab, sinceMs);
  const next = await calm(lab);
  await prober.awaitAnswer(next.name, { timeoutMs: SOON_MS });
  const seen = await prober.stop({ sinceMs });
  const { longestSilenceMs } = seen;
  const after = ownersSince(lab, healedMs);
  process.stdout.write(
    `measured: ${what}: ${transitions} transitions, client silent ${longestSilenceMs.toFixed(0)} ms; two owners ${after.doubleMs.toFixed(0)} ms after the heal\n`,
  );

  expect(transitions).toBeLessThanOrEqual(2);
  expect(beyondStalls(after.doubleMs, seen)).toBeLessThan(HEAL_MS);
  expect(beyondStalls(longestSilenceMs, seen)).toBeLessThan(CRASH_MS);
});

it.each([
  { what: "by hand", command: ["ip", "address", "del", `${VIP}/32`, "dev", "eth0"] },
  { what: "by a network manager", command: ["ip", "address", "flush", "dev", "eth0", "to", VIP] },
])("is back within 5 s where the VIP is removed $what", async ({ what, command }) => {
  const course = await courseOf(used.lab, `VIP removed ${what}`, (owner) => owner.run(command));

  expect(course.gapMs).toBeLessThan(BACK_MS);
  expect(course.doubleMs).toBeLessThan(CRASH_MS);
  expect(course.silenceMs).toBeLessThan(BACK_MS);
});

it("takes a VIP off a backup to which somebody added it, and the owner goes on", async () => {
  const { lab } = used;
  const course = await courseOf(lab, "VIP added to the backup by hand", async (owner) => {
    const backup = otherThan(owner);
    await backup.run(["ip", "address", "add", `${VIP}/32`, "dev", "eth0"]);
    await until(async () => !(await backup.addresses()).includes(VIP), SOON_MS, "the VIP is off the backup");
    await backup.agent.awaitLog(({ msg }) => msg === "leftover virtual IP removed");
  });

  expect(course.doubleMs).toBeLessThan(BACK_MS);
  expect(course.gapMs).toBe(0);
});

it("notices nothing of an MTU of 576, nor of neighbour tables that are flushed", async () => {
  const { lab } = used;
  const course = await courseOf(lab, "MTU 576 and back, neighbours flushed", async () => {
    for (const mtu of ["576", "1500"]) {
      for (const host of lab.hosts) await host.run(["ip", "link", "set", "eth0", "mtu", mtu]);
      await sleep(1_000);
    }
    for (const host of lab.hosts) await host.run(["ip", "neighbour", "flush", "dev", "eth0"]);
    await lab.runOnClient(["ip", "neighbour", "flush", "dev", "eth0"]);
    await sleep(1_000);
  });

  expect(course).toMatchObject({ gapMs: 0, doubleMs: 0, transitions: 0 });
  expect(course.silenceMs).toBeLessThan(CRASH_MS);
});

it("holds its VIP while a machine that is no host of ours has it, too", async () => {
  const { lab } = used;
  const owner = await calm(lab);
  const stranger = await lab.addHost();
  const sinceMs = Date.now();
  await stranger.run(["ip", "address", "add", `${VIP}/32`, "dev", "eth0"]);
  await sleep(3_000);
  await stranger.run(["ip", "address", "del", `${VIP}/32`, "dev", "eth0"]);

  const tenures = lab.ownership
    .tenures(VIP)
    .filter(({ host, fromMs }) => host !== stranger.name && fromMs >= sinceMs);
  expect(tenures).toEqual([]);
  expect((await statusOf(owner))?.instances[0]?.state).toBe("MASTER");
  await untilClientIsServedBy(owner);
});

async function untilClientIsServedBy(host: Host): Promise<void> {
  const prober = used.lab.probe(VIP);
  await prober.awaitAnswer(host.name, { timeoutMs: SOON_MS });
  await prober.stop();
}
