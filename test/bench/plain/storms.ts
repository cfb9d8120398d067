/**
 * Takeovers while nothing is wrong, beside programs that start processes without a pause: with real-time priority and
 * without, in turns.
 *
 * `npm run bench:storms -- [SECONDS] [INTERVAL] [STORMS]`: seconds of each half (60), ADVERT_INTERVAL (0.05), and how many
 * such programs (4). They run in a CPU cgroup of their own, as another container would, where the machine has cgroup v1.
 */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdirSync, rmdirSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import type { Lab } from "../../e2e/lab/lab.ts";
import { until } from "../../e2e/lab/until.ts";
import { openPlainLab, startPlain, VIP } from "./lab.ts";

const HALVES = [
  { name: "normal", wrapper: [] },
  { name: "real-time", wrapper: ["chrt", "-r", "10"] },
] as const;
const PRIORITIES = [254, 247, 240] as const;
/** Each half is played in this many parts, so that both meet the same machine. */
const TURNS = 2;
const SETTLE_MS = 2_000;
const CPU_GROUPS = "/sys/fs/cgroup/cpu";
const STORM =
  'i=0; while [ "$(date +%s)" -lt "$1" ]; do j=0; while [ $j -lt 200 ]; do /bin/true; j=$((j + 1)); done; done';

const [seconds = 60, intervalSeconds = 0.05, storms = 4] = process.argv.slice(2).map(Number);

/** They end by themselves after their time, also where this program is killed. */
function startStorms(group: string | undefined, forMs: number): ChildProcess[] {
  const endsAt = String(Math.ceil((Date.now() + forMs) / 1_000));
  const enter = group === undefined ? "" : `echo $$ > ${group}/cgroup.procs; `;
  return Array.from({ length: storms }, () =>
    spawn("sh", ["-c", `${enter}${STORM}`, "storm", endsAt], { stdio: "ignore" }),
  );
}

async function countTakeovers(
  lab: Lab,
  wrapper: readonly string[],
  group: string | undefined,
): Promise<number> {
  await Promise.all(
    lab.hosts.map((host, index) =>
      startPlain(lab, host, { priority: PRIORITIES[index] ?? 240, intervalSeconds, wrapper }),
    ),
  );
  await until(() => lab.owner(VIP), 20_000, "one host has the VIP");
  await sleep(SETTLE_MS);
  const partMs = (1_000 * seconds) / TURNS;
  const sinceMs = Date.now();
  const running = startStorms(group, partMs);
  await sleep(partMs);
  const takeovers = lab.ownership.transitions(VIP, sinceMs);
  await Promise.all(running.map((child) => (child.exitCode === null ? once(child, "exit") : undefined)));
  await Promise.all(lab.hosts.map((host) => host.stopAgent()));
  return takeovers;
}

const group = existsSync(CPU_GROUPS) ? `${CPU_GROUPS}/rancher-keepalived-storms-${process.pid}` : undefined;
if (group !== undefined) mkdirSync(group);
const counts = new Map<string, number>(HALVES.map(({ name }) => [name, 0]));
const lab = await openPlainLab(PRIORITIES.length);
try {
  for (let turn = 0; turn < TURNS; turn += 1) {
    for (const { name, wrapper } of HALVES)
      counts.set(name, (counts.get(name) ?? 0) + (await countTakeovers(lab, wrapper, group)));
  }
} finally {
  await lab.destroy();
  if (group !== undefined) rmdirSync(group);
}
for (const [name, takeovers] of counts)
  process.stdout.write(
    `${name}: ${takeovers} takeovers in ${seconds} s at ${intervalSeconds} s beside ${storms} storms\n`,
  );
