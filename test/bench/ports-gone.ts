/**
 * How long a client has to do without an answer when the port rules of the owner go: real rules of each backend, three
 * hosts of the lab, a question every 5 ms. Prints each round, the median and the worst.
 *
 * Run after `npm run build`, as root, on a machine that does nothing else: `node test/bench/ports-gone.ts [ROUNDS]`.
 */
import { setTimeout as sleep } from "node:timers/promises";
import { createLab, type Lab } from "../e2e/lab/lab.ts";
import { DEFAULT_VIP as VIP } from "../e2e/lab/topology.ts";
import { until } from "../e2e/lab/until.ts";

const PORTS = [
  { port: 80, protocol: "tcp" },
  { port: 80, protocol: "udp" },
] as const;
/** The startup delay of keepalived; and how long a host that can serve again needs to count as healthy, ms. */
const START_MS = 6_000;
const RISE_MS = 2_500;

const rounds = Number(process.argv[2] ?? 7);
for (const backend of ["nft", "legacy"] as const) {
  const lab = await createLab({ hosts: 3, backend });
  try {
    await Promise.all(
      lab.hosts.map((host) => host.startAgent({ CHECK_PORT: "80/udp,80", LOG_LEVEL: "info" })),
    );
    await sleep(START_MS);
    const silences: number[] = [];
    for (let round = 0; round < rounds; round += 1) silences.push(await takePortsAway(lab));
    report(backend, silences);
  } finally {
    await lab.destroy();
  }
}

async function takePortsAway(lab: Lab): Promise<number> {
  const owner = await until(() => lab.owner(VIP), 30_000, "one host has the VIP");
  const prober = lab.probe(VIP);
  await prober.awaitAnswer(owner.name);
  const sinceMs = Date.now();
  await owner.publishPorts([]);
  const isNext = (name: string) => name !== owner.name;
  const next = await until(async () => (await lab.holders(VIP)).find(isNext), 30_000, "another host took it");
  await prober.awaitAnswer(next);
  const { longestSilenceMs } = await prober.stop({ sinceMs });
  await owner.publishPorts(PORTS);
  await sleep(RISE_MS);
  return longestSilenceMs;
}

function report(backend: string, silences: readonly number[]): void {
  const sorted = silences.toSorted((a, b) => a - b);
  const median = sorted[Math.floor(sorted.length / 2)] ?? Number.NaN;
  const shown = silences.map((ms) => ms.toFixed(0)).join(", ");
  const figures = `median ${median.toFixed(0)} ms, worst ${(sorted.at(-1) ?? Number.NaN).toFixed(0)} ms`;
  process.stdout.write(`ports gone, rules of ${backend}: ${figures} (${shown})\n`);
}
