/** The gate: a host whose container was killed keeps the VIPs on its interface, and answers for none of them. */
import { fileURLToPath } from "node:url";
import { beforeAll, expect, it } from "vitest";
import { sendSignal } from "../fixtures/send-signal.ts";
import { pidsOf } from "./faults/processes.ts";
import type { Host } from "./lab/host.ts";
import { until } from "./lab/until.ts";
import { calm, settled, startAll, stateOf, statusOf, useLab, VIP } from "./scenario.ts";

const used = useLab({ hosts: 2 });
const SOON_MS = 120_000;
const VIP6 = "2001:db8:100::100";
const FRESH_CLIENT = fileURLToPath(new URL("./lab/fresh-client-program.ts", import.meta.url));
/** The addresses stay, so that the gate alone keeps the host silent. */
const ENV = { VIRTUAL_IP: `${VIP},${VIP6}`, VIP_LEASE: "off", PEER_REMOVAL_GRACE: "3" };
const TABLES = ["arp gate", "arp owner", "ip6 gate", "ip6 owner"];

/** How often each host answered a client that knows no neighbour. */
async function answersTo(vip: string, count: number, timeoutMs: number): Promise<Record<string, number>> {
  const command = [process.execPath, FRESH_CLIENT, vip, String(count), String(timeoutMs)];
  return JSON.parse(await used.lab.runOnClient(command));
}

async function gateTables(host: Host): Promise<string[]> {
  const tables = await host.run(["nft", "list", "tables"]);
  const found = tables.matchAll(/table (\S+) rancher_keepalived_(owner|gate)/g);
  return [...found].map(([, family, table]) => `${family} ${table}`).toSorted();
}

const gateIsOn = async (host: Host) => {
  const status = await statusOf(host);
  return status?.gate.phase === "on" && (await gateTables(host)).length === 4;
};

beforeAll(async () => {
  await Promise.all(used.lab.hosts.map((host) => host.answerIpv6()));
  await startAll(used.lab, ENV);
  await calm(used.lab);
});

it("is up on every host, beside the rules of iptables", async () => {
  for (const host of used.lab.hosts) {
    await until(() => gateIsOn(host), SOON_MS, `the gate of ${host.name} is up`);
    expect(await gateTables(host)).toEqual(TABLES);
    expect(await host.run(["iptables-nft-save", "-t", "nat"])).toContain("CATTLE_PREROUTING");
    expect((await statusOf(host))?.problems).toEqual([]);
  }
});

it("stays open where the process that keeps the tag is killed", async () => {
  const owner = await settled(used.lab);
  const sinceMs = Date.now();
  const pid = await until(async () => (await pidsOf(owner, "nft"))[0], SOON_MS, "a process keeps the tag");
  sendSignal(pid, "SIGKILL");
  const isNew = async () => (await pidsOf(owner, "nft")).some((each) => each !== pid);
  await until(isNew, SOON_MS, "another process keeps the tag");
  await until(() => gateIsOn(owner), SOON_MS, "the gate is up again");

  expect(await answersTo(VIP, 5, 5_000)).toEqual({ [owner.name]: 5 });
  expect(await answersTo(VIP6, 5, 5_000)).toEqual({ [owner.name]: 5 });
  expect(used.lab.ownership.transitions(VIP, sinceMs)).toBe(0);
});

it("keeps new clients away from a killed container's host once another host owns the VIP", async () => {
  const { lab } = used;
  const dead = await settled(lab);
  const [next] = lab.hosts.filter((host) => host !== dead) as [Host];
  await dead.killContainer();
  const hasTakenOver = async () =>
    (await stateOf(next)) === "MASTER" && (await lab.holders(VIP6)).includes(next.name);
  await until(hasTakenOver, SOON_MS, `${next.name} owns the VIPs`);

  expect(await lab.holders(VIP)).toContain(dead.name);
  expect(await answersTo(VIP, 100, 5_000)).toEqual({ [next.name]: 100 });
  expect(await answersTo(VIP6, 100, 5_000)).toEqual({ [next.name]: 100 });

  await next.killContainer();
  expect(await lab.holders(VIP)).toHaveLength(2);
  expect(await Promise.all([answersTo(VIP, 2, 1_000), answersTo(VIP6, 2, 1_000)])).toEqual([
    { "": 2 },
    { "": 2 },
  ]);
});

it("is taken over by the next agent, and goes with the last one that ends in order", async () => {
  const { lab } = used;
  await startAll(lab, ENV);
  const owner = await settled(lab);
  for (const host of lab.hosts) await until(() => gateIsOn(host), SOON_MS, `the gate of ${host.name} is up`);
  expect(await answersTo(VIP, 5, 5_000)).toEqual({ [owner.name]: 5 });
  expect(await answersTo(VIP6, 5, 5_000)).toEqual({ [owner.name]: 5 });

  await Promise.all(lab.hosts.map((host) => host.stopAgent()));
  for (const host of lab.hosts) expect(await gateTables(host)).toEqual([]);
});
