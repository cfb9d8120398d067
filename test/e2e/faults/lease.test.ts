/** A VIP ends with what keeps it: whoever is killed or frozen as a whole has lost it soon, without anybody's help. */
import { readFileSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { expect, it } from "vitest";
import { LISTENER_SCRIPT } from "../../../src/wire/io/listener-script.ts";
import { sendSignal } from "../../fixtures/send-signal.ts";
import type { Host } from "../lab/host.ts";
import { BUILT_PROGRAM } from "../lab/metadata.ts";
import { until } from "../lab/until.ts";
import { calm, settled, statusOf, useLab, VIP } from "../scenario.ts";
import { containerPids, pidsOf } from "./processes.ts";

const used = useLab({ hosts: 2 });
const SOON_MS = 120_000;
/** Frozen hosts stay so for this long after the others have taken over. */
const FROZEN_ON_MS = 600;
const VIP6 = "2001:db8:100::100";
const MORE = Array.from({ length: 24 }, (_, n) => [
  `198.51.100.${101 + n}`,
  `2001:db8:100::1:${n + 1}`,
]).flat();
/** 50, of both families. */
const VIPS = [VIP, VIP6, ...MORE];
const VIRTUAL_IP = VIPS.join(" ");

/** The lifetimes of the VIPs on the host, in words of `ip`: `forever`, or seconds. */
async function lifetimes(host: Host): Promise<Map<string, string>> {
  const links = JSON.parse(await host.run(["ip", "-json", "address", "show", "dev", "eth0"]));
  const found = links.flatMap(({ addr_info }: { addr_info: { local: string; valid_life_time: number }[] }) =>
    addr_info.filter(({ local }) => VIPS.includes(local)),
  );
  return new Map(
    found.map(({ local, valid_life_time: valid }: { local: string; valid_life_time: number }) => [
      local,
      valid === 4_294_967_295 ? "forever" : `${valid}`,
    ]),
  );
}

async function untilAllLeased(host: Host): Promise<void> {
  const areLeased = async () => {
    const found = await lifetimes(host);
    return found.size === VIPS.length && ![...found.values()].includes("forever");
  };
  await until(areLeased, SOON_MS, `all VIPs on ${host.name} have a lifetime`);
}

const untilGone = (host: Host) =>
  until(async () => (await lifetimes(host)).size === 0, SOON_MS, `no VIP is left on ${host.name}`);

/** Prints how long two hosts had the VIP and how long the host kept it. */
function tell(what: string, host: Host, sinceMs: number): void {
  const { ownership } = used.lab;
  const keptMs = [VIP, VIPS.at(-1)!].map((vip) => {
    const tenure = ownership.tenures(vip).findLast((one) => one.host === host.name);
    return Math.round((tenure?.toMs ?? Number.NaN) - sinceMs);
  });
  const doubledMs = [VIP, VIP6].map((vip) => Math.round(ownership.doubleOwnership(vip, sinceMs)));
  process.stdout.write(
    `measured: ${what}: kept ${keptMs.join(" and ")} ms, two owners ${doubledMs.join(" and ")} ms\n`,
  );
}

it("gives each of 50 VIPs a lifetime, on the owner alone, and says so", async () => {
  const { lab } = used;
  await Promise.all(lab.hosts.map((host) => host.startAgent({ VIRTUAL_IP })));
  const owner = await settled(lab);
  await untilAllLeased(owner);
  const statuses = await Promise.all(lab.hosts.map(statusOf));

  expect(statuses.map((status) => status?.vipLease)).toEqual([
    { seconds: 1, state: "renewed" },
    { seconds: 1, state: "renewed" },
  ]);
  expect(statuses.flatMap((status) => status?.problems)).toEqual([]);
});

it("loses its VIPs after the whole container was killed, without a restart", async () => {
  const { lab } = used;
  const owner = await calm(lab);
  const other = lab.hosts.find((host) => host !== owner)!;
  const sinceMs = Date.now();
  await owner.killContainer();
  await untilGone(owner);
  await untilAllLeased(other);
  tell("whole container killed, not restarted", owner, sinceMs);

  await owner.startAgent({ VIRTUAL_IP });
  expect(await calm(lab)).toBe(other);
});

it.each([
  { what: "everything is frozen", spared: async () => [] },
  { what: "agent and keepalived are frozen", spared: (host: Host) => pidsOf(host, "perl") },
])("loses its VIPs while $what, and is a backup after it", async ({ what, spared }) => {
  const { lab } = used;
  const owner = await calm(lab);
  const other = lab.hosts.find((host) => host !== owner)!;
  const left: readonly number[] = await spared(owner);
  const frozen = containerPids(owner).filter((pid) => !left.includes(pid));
  const sinceMs = Date.now();
  let thawedMs = Number.POSITIVE_INFINITY;
  try {
    for (const pid of frozen) sendSignal(pid, "SIGSTOP");
    await untilGone(owner);
    await untilAllLeased(other);
    tell(what, owner, sinceMs);
    // the frozen host reads much later what came meanwhile
    await sleep(FROZEN_ON_MS);
    thawedMs = Date.now();
  } finally {
    for (const pid of frozen) sendSignal(pid, "SIGCONT");
  }

  expect(await calm(lab)).toBe(other);
  expect(lab.ownership.tenures(VIP).filter((one) => one.fromMs >= sinceMs)).toHaveLength(1);
  const why = "(the lease of \\S+ ran out, as nothing renewed it|the agent did not run for [\\d.]+ s)";
  const sentence = new RegExp(
    `^main left ${owner.name} (at|after) [\\d:]{8}: ${why}; ${other.name} owned it since [\\d:.]{12}$`,
  );
  await expect.poll(async () => (await toldOf(owner, sinceMs))?.sentence).toMatch(sentence);
  // as it was, not as it was read
  const since = (await toldOf(owner, sinceMs))?.since;
  expect(since).toBeGreaterThanOrEqual(sinceMs);
  expect(since).toBeLessThan(thawedMs);
});

/** The owner's sentence about its last move, and since when the next owner owned the VIPs. */
async function toldOf(host: Host, fromMs: number): Promise<{ sentence: string; since: number } | undefined> {
  const { entries, moves } = JSON.parse(await host.run([...BUILT_PROGRAM, "journal", "--json"]));
  const next = entries.findLast(({ kind }: { kind: string }) => kind === "taken-over");
  const since = Date.parse(next?.since ?? "");
  return since >= fromMs ? { sentence: moves.at(-1).sentence, since } : undefined;
}

it("keeps its VIPs when the listener is killed, and does without lifetimes where it is killed again and again", async () => {
  const { lab } = used;
  const owner = await calm(lab);
  await untilAllLeased(owner);
  const sinceMs = Date.now();
  const killed = await killListener(owner);
  await untilAllLeased(owner);
  await killListener(owner, killed);
  const isUnavailable = async () => (await statusOf(owner))?.vipLease.state === "unavailable";
  await until(isUnavailable, SOON_MS, "the status says that there is no lease");

  expect(await settled(lab)).toBe(owner);
  expect(lab.ownership.transitions(VIP, sinceMs)).toBe(0);
});

it("leaves its VIPs for ever with VIP_LEASE=off", async () => {
  const { lab } = used;
  for (const host of lab.hosts) {
    await host.stopAgent();
    await host.startAgent({ VIRTUAL_IP, VIP_LEASE: "off" });
  }
  const owner = await settled(lab);
  const found = [...(await lifetimes(owner)).values()];

  expect([found.length, new Set(found)]).toEqual([VIPS.length, new Set(["forever"])]);
  expect((await statusOf(owner))?.vipLease).toEqual({ state: "off" });
});

/** @returns its pid. @param formerPid of one that was killed before. */
async function killListener(host: Host, formerPid?: number): Promise<number> {
  // the agent's short questions to the network are asked by perl, too
  const find = async () =>
    (await pidsOf(host, "perl")).find((pid) => pid !== formerPid && commandOf(pid).includes(LISTENER_SCRIPT));
  const pid = await until(find, SOON_MS, `${host.name} runs a listener`);
  sendSignal(pid, "SIGKILL");
  return pid;
}

/** Empty where the process has ended. */
function commandOf(pid: number): string {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, "utf8");
  } catch {
    return "";
  }
}
