/**
 * What 100 scrapes of /metrics a second and 50 followers of events cost an agent: how long a client of the VIP is without
 * an answer when the owner is stopped and when its cable is pulled, and the memory, each with and without that load.
 *
 * `npm run bench:http [ROUNDS]`, as root. Rounds with and without alternate, so that whatever else the machine does is in
 * both. Then the agents are started anew, and only one has the load; then only the other one.
 */
import { readFileSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { Child } from "../e2e/lab/child.ts";
import type { Host } from "../e2e/lab/host.ts";
import { createLab, type Lab } from "../e2e/lab/lab.ts";
import { calm, startAll, VIP } from "../e2e/scenario.ts";

const CLIENT = new URL("../e2e/lab/http-client-program.ts", import.meta.url).pathname;
/** As the image has them. */
const ENV = {
  MALLOC_ARENA_MAX: "1",
  LOG_LEVEL: "info",
};
/** So long the load is there before something is measured beside it. */
const WARM_UP_MS = 3_000;
const MEMORY_SECONDS = 180;

const rounds = Number(process.argv[2] ?? 5);
const lab = await createLab({ hosts: 2 });
try {
  await startAll(lab, ENV);
  await measureFailovers(lab);
  for (const loaded of lab.hosts) await measureMemory(lab, loaded);
} finally {
  await lab.destroy();
}

async function measureFailovers({ hosts }: Lab): Promise<void> {
  print("client silent, ms", "without load", "with load");
  for (const [cause, harm] of [
    ["SIGTERM", stopAndStart],
    ["link down", cutAndRepair],
  ] as const) {
    const silences: [number[], number[]] = [[], []];
    for (let round = 0; round < rounds; round += 1) {
      for (const [index, loaded] of [[], hosts].entries()) {
        const silence = await silenceOf(loaded, harm);
        silences[index === 0 ? 0 : 1].push(silence);
      }
    }
    print(cause, ...silences.map(spread));
  }
}

/** @returns the longest time in which the client got no answer, ms. */
async function silenceOf(loaded: readonly Host[], harm: (owner: Host) => Promise<Repair>): Promise<number> {
  const owner = await calm(lab);
  const other = lab.hosts.find((host) => host !== owner)!;
  const ends = await Promise.all(loaded.map(putLoadOn));
  await sleep(WARM_UP_MS);
  const prober = lab.probe(VIP);
  await prober.awaitAnswer(owner.name);
  const sinceMs = Date.now();
  const repair = await harm(owner);
  await prober.awaitAnswer(other.name);
  await sleep(500); // the last probes of before are lost by now, or answered
  const { longestSilenceMs } = await prober.stop({ sinceMs });
  for (const end of ends) await end();
  await repair();
  return longestSilenceMs;
}

type Repair = () => Promise<unknown>;

async function stopAndStart(owner: Host): Promise<Repair> {
  await owner.stopAgent();
  return () => owner.startAgent(ENV);
}

async function cutAndRepair(owner: Host): Promise<Repair> {
  await owner.setLink("down", "switch");
  return () => owner.setLink("up", "switch");
}

async function measureMemory({ hosts }: Lab, loaded: Host): Promise<void> {
  for (const host of hosts) await host.stopAgent();
  await startAll(lab, ENV);
  await calm(lab);
  const end = await putLoadOn(loaded);
  print("", "", "");
  print(`PSS, MB (load on ${loaded.name})`, ...byLoad(hosts, loaded).map(({ name }) => name));
  for (let second = 0; second <= MEMORY_SECONDS; second += 30) {
    if (second > 0) await sleep(30_000);
    print(`after ${second} s`, ...byLoad(hosts, loaded).map((host) => pssOf(host).toFixed(1)));
  }
  await end();
}

/** The one without load first. */
function byLoad(hosts: readonly Host[], loaded: Host): Host[] {
  return hosts.toSorted((a, b) => Number(a === loaded) - Number(b === loaded));
}

/** 100 scrapes a second and 50 followers, until the function is called. */
async function putLoadOn({ namespace, name }: Host): Promise<() => Promise<unknown>> {
  const command = [process.execPath, CLIENT, "http://127.0.0.1:9650", "--load"];
  const child = new Child({ namespace, name: `the load on ${name}`, command });
  await child.log.first((line) => (line.includes('"following":50') ? true : undefined), {
    timeoutMs: 60_000,
  });
  return () => child.end("SIGTERM");
}

/** Of the agent's process alone. */
function pssOf({ agent }: Host): number {
  const { pid } = agent.container;
  const [own = ""] = readFileSync(`/proc/${pid}/task/${pid}/children`, "utf8").split(" ");
  const [, kilobytes] = /^Pss:\s+(\d+)/m.exec(readFileSync(`/proc/${own}/smaps_rollup`, "utf8")) ?? [];
  return Number(kilobytes) / 1_024;
}

/** `median (least-most)` */
function spread(values: readonly number[]): string {
  const sorted = values.toSorted((a, b) => a - b);
  const at = (share: number) => (sorted[Math.floor((sorted.length - 1) * share)] ?? 0).toFixed(0);
  return `${at(0.5)} (${at(0)}-${at(1)})`;
}

function print(...cells: readonly string[]): void {
  process.stdout.write(
    `${cells
      .map((cell) => cell.padEnd(28))
      .join("")
      .trimEnd()}\n`,
  );
}
