/** From the shell image to this agent, as docs/operate/migrate.md says: host by host, and then to VRRPv3 in one change. */
import { setTimeout as sleep } from "node:timers/promises";
import { expect, it } from "vitest";
import type { Host } from "./lab/host.ts";
import { addContainer, removeContainer, setServiceMetadata } from "./lab/metadata-changes.ts";
import type { ProbeReport } from "./lab/probe-report.ts";
import type { Prober } from "./lab/prober.ts";
import { SHELL_IMAGE_PASSWORD, startShellImage } from "./lab/shell-image.ts";
import { beyondStalls, mayMoveByItself } from "./lab/stall.ts";
import { until } from "./lab/until.ts";
import { calm, PATIENT_PROBE, pastStartup, peersOf, stateOf, statusOf, useLab, VIP } from "./scenario.ts";

const used = useLab({ hosts: 3 });
const OLD = { virtualIp: VIP, virtualMask: 24, virtualRouterId: 51 };
const GROUP = { virtual_ip: `${VIP}/24`, vrid: 51 };
/** The group as the shell image makes it, and as it is to be. */
const SECOND = { ...GROUP, vrrp_version: 2, advert_interval: 1, unicast: false };
const THIRD = { ...GROUP, vrrp_version: 3 };
/** An owner that stops says so a moment before it takes its VIP off; a machine that stalls makes the moment longer. */
const HAND_OVER_MS = 1_000;
/** A host that were not held back would own the VIP by then. */
const HELD_MS = 4_000;
const holder: { prober?: Prober; startMs: number } = { startMs: 0 };

/** What the client noticed since then, and how long two hosts had the VIP. */
function measure(step: string, sinceMs: number) {
  const seen = holder.prober!.report({ sinceMs });
  const { lost } = seen;
  const vacancyMs = used.lab.ownership.vacancy(VIP, sinceMs);
  const doubleMs = used.lab.ownership.doubleOwnership(VIP, sinceMs);
  process.stdout.write(
    `measured: ${step}: ${lost} probes lost, silence ${Math.round(seen.longestSilenceMs)} ms, ` +
      `no owner for ${Math.round(vacancyMs)} ms, two for ${Math.round(doubleMs)} ms, ` +
      `stalls ${Math.round(seen.longestPauseMs)} ms\n`,
  );
  return { seen, lost, longestSilenceMs: beyondStalls(seen.longestSilenceMs, seen), doubleMs };
}

/** In a planned change no host becomes owner before the former one has given up, unless the machine stalled. */
function expectNoTwoOwners(doubleMs: number, seen: ProbeReport): void {
  expect(beyondStalls(doubleMs, seen)).toBeLessThanOrEqual(mayMoveByItself(seen) ? HAND_OVER_MS : 0);
}

async function replace(host: Host): Promise<void> {
  await host.stopAgent();
  used.lab.metadata.publish((document) => {
    addContainer(document, host.name);
  });
  await host.startAgent({ VIRTUAL_IP: undefined, AUTH_PASS: SHELL_IMAGE_PASSWORD });
  await until(async () => (await stateOf(host)) === "BACKUP", 120_000, `${host.name} backs the VIP up`);
}

it("starts from three hosts that run the shell image", async () => {
  const { lab } = used;
  lab.metadata.publish((document) => {
    for (const { name } of lab.hosts) removeContainer(document, name);
    setServiceMetadata(document, SECOND);
  });
  await Promise.all(lab.hosts.map((host) => startShellImage(host, OLD)));
  const owner = await until(() => lab.owner(VIP), 120_000, "one of them owns the VIP");
  holder.prober = lab.probe(VIP, PATIENT_PROBE);
  await holder.prober.awaitAnswer(owner.name);
  holder.startMs = Date.now();
});

it("replaces the backups one after the other, and the client notices nothing", async () => {
  const { lab } = used;
  const owner = await until(() => lab.owner(VIP), 120_000, "one host owns the VIP");

  for (const host of lab.hosts.filter((other) => other !== owner)) {
    const sinceMs = Date.now();
    await replace(host);

    const { lost, doubleMs } = measure(`a backup replaced (${host.name})`, sinceMs);
    expect([lost, doubleMs]).toEqual([0, 0]);
    expect((await lab.owner(VIP))?.name).toBe(owner.name);
  }
});

it("leaves the VIP to the last shell image where the change to VRRPv3 comes too early", async () => {
  const { lab } = used;
  const owner = await until(() => lab.owner(VIP), 120_000, "one host owns the VIP");
  const others = lab.hosts.filter((host) => host !== owner);
  const sinceMs = Date.now();

  lab.metadata.publish((document) => setServiceMetadata(document, THIRD));
  for (const host of others) {
    const isHeld = async () => (await statusOf(host))?.health[0]?.heldBy?.includes(owner.address);
    await until(isHeld, 120_000, `${host.name} is held back by ${owner.name}`);
  }
  await sleep(HELD_MS);
  lab.metadata.publish((document) => setServiceMetadata(document, SECOND));
  for (const host of others) {
    await until(async () => (await stateOf(host)) === "BACKUP", 120_000, `${host.name} backs the VIP up`);
  }

  const { lost, doubleMs } = measure("changed too early, and back", sinceMs);
  expect([lost, doubleMs]).toEqual([0, 0]);
  expect((await lab.owner(VIP))?.name).toBe(owner.name);
});

it("replaces the owner last", async () => {
  const { lab } = used;
  const owner = await until(() => lab.owner(VIP), 120_000, "one host owns the VIP");
  await pastStartup(lab.hosts.filter((host) => host !== owner));
  const sinceMs = Date.now();

  await replace(owner);
  await calm(lab);

  const { longestSilenceMs, doubleMs } = measure(`the owner replaced (${owner.name})`, sinceMs);
  expect(doubleMs).toBeLessThan(HAND_OVER_MS);
  expect(longestSilenceMs).toBeLessThan(3_000);
  for (const host of lab.hosts) {
    const status = await statusOf(host);
    expect(status?.problems).toEqual([]);
    expect(status?.instances[0]).not.toHaveProperty("source");
    expect(host.conf()).toContain("version 2\n");
  }
});

it("goes to VRRPv3 by unicast by one change of metadata, with the password still in the environment", async () => {
  const { lab } = used;
  const sinceMs = Date.now();

  lab.metadata.publish((document) => setServiceMetadata(document, THIRD));
  for (const host of lab.hosts) {
    const others = lab.hosts.filter((other) => other !== host).map(({ address }) => address);
    await until(() => peersOf(host).join() === others.join(), 120_000, `${host.name} speaks to the others`);
    await until(() => host.conf()?.includes("advert_int 0.2\n"), 120_000, `${host.name} is in no hurry`);
  }
  await calm(lab);

  const { seen, longestSilenceMs, doubleMs } = measure("change to VRRPv3 by unicast", sinceMs);
  expectNoTwoOwners(doubleMs, seen);
  // for a second the former group has to be silent, and the machine is shared
  expect(longestSilenceMs).toBeLessThan(5_000);
  for (const host of lab.hosts) {
    const status = await statusOf(host);
    expect(status?.problems).toMatchObject([
      { part: "advice", message: expect.stringContaining("AUTH_PASS=(hidden)") },
    ]);
    expect(host.conf()).not.toContain("authentication");
  }
});

it("finds the way back to a group that the shell image could join", async () => {
  const { lab } = used;
  const sinceMs = Date.now();

  lab.metadata.publish((document) => setServiceMetadata(document, SECOND));
  for (const host of lab.hosts) {
    const isBack = () => host.conf()?.includes(`auth_pass ${SHELL_IMAGE_PASSWORD}\n`);
    await until(isBack, 120_000, `${host.name} speaks VRRPv2 with the password`);
  }
  await calm(lab);

  const { seen, longestSilenceMs, doubleMs } = measure("change back to VRRPv2 by multicast", sinceMs);
  expectNoTwoOwners(doubleMs, seen);
  expect(longestSilenceMs).toBeLessThan(4_000);
  await holder.prober!.stop();
  measure("all of it", holder.startMs);
});
