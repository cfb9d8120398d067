/**
 * How long the worst backup takes over a SIGTERM, by its priority, and what backups do that tie.
 *
 * `npm run bench:skew -- [ROUNDS]`. The cases take turns, so that all meet the same machine.
 */
import { setTimeout as sleep } from "node:timers/promises";
import type { Lab } from "../../e2e/lab/lab.ts";
import { until } from "../../e2e/lab/until.ts";
import { openPlainLab, startPlain, VIP } from "./lab.ts";

const INTERVAL_SECONDS = 0.2;
const OWNER_PRIORITY = 254;
/** As the agent starts it, so that a busy machine adds less. */
const REALTIME = ["chrt", "-r", "10"] as const;
/** Priorities of the backups. */
const CASES: readonly (readonly number[])[] = [
  [200],
  [240],
  [253],
  [246, 246],
  [246, 247],
  [246, 253],
  // as among the best of some 30 and 100 hosts
  [246, 246, 246],
  [246, 246, 246, 246, 246],
];
/** A doubled owner gives way, and the gratuitous ARP of garp_master_delay is sent. */
const AFTER_MS = 1_500;

interface Round {
  readonly awayMs: number;
  readonly silenceMs: number;
  readonly doubleMs: number;
  readonly takers: number;
}

async function playRound(lab: Lab): Promise<Round> {
  const [owner, ...backups] = lab.hosts;
  if (owner === undefined) throw new Error("the lab has no host");
  const prober = lab.probe(VIP, { intervalMs: 2 });
  await prober.awaitAnswer(owner.name);
  const sinceMs = Date.now();
  await owner.stopAgent();
  await until(async () => (await lab.owner(VIP)) !== undefined, 20_000, "a backup took over");
  await sleep(AFTER_MS);
  const { longestSilenceMs: silenceMs } = await prober.stop({ sinceMs });
  const tenures = lab.ownership.tenures(VIP);
  const taken = tenures.filter(({ host, fromMs }) => host !== owner.name && fromMs >= sinceMs);
  const leftMs = tenures.findLast(({ host }) => host === owner.name)?.toMs ?? Number.NaN;
  const [first] = taken.toSorted((one, other) => one.fromMs - other.fromMs);
  const round = {
    awayMs: (first?.fromMs ?? Number.NaN) - leftMs,
    silenceMs,
    doubleMs: lab.ownership.doubleOwnership(VIP, sinceMs),
    takers: new Set(taken.map(({ host }) => host)).size,
  };
  await Promise.all(backups.map((host) => host.stopAgent().catch(() => undefined)));
  return round;
}

async function start(lab: Lab, priorities: readonly number[]): Promise<void> {
  const [owner, ...backups] = lab.hosts;
  if (owner === undefined) throw new Error("the lab has no host");
  const common = { intervalSeconds: INTERVAL_SECONDS, wrapper: REALTIME };
  await startPlain(lab, owner, { ...common, priority: OWNER_PRIORITY });
  await until(async () => (await lab.owner(VIP)) === owner, 20_000, "the owner has the VIP");
  const started = priorities.map((priority, index) => {
    const host = backups[index];
    return host === undefined ? undefined : startPlain(lab, host, { ...common, priority });
  });
  await Promise.all(started);
  await sleep(700);
}

function summary(values: readonly number[]): string {
  const sorted = [...values].sort((one, other) => one - other);
  const at = (share: number) => sorted[Math.floor(share * (sorted.length - 1))]?.toFixed(1);
  return `${at(0.5)} (${at(0)} to ${at(1)})`;
}

const rounds = Number(process.argv[2] ?? 10);
const results = new Map(CASES.map((priorities) => [priorities.join(" and "), [] as Round[]]));
const lab = await openPlainLab(1 + Math.max(...CASES.map(({ length }) => length)));
try {
  for (let round = 0; round < rounds; round += 1) {
    for (const priorities of CASES) {
      await start(lab, priorities);
      results.get(priorities.join(" and "))?.push(await playRound(lab));
    }
  }
} finally {
  await lab.destroy();
}
for (const [name, played] of results) {
  const doubled = played.filter(({ takers }) => takers > 1);
  const text = [
    `VIP away ${summary(played.map(({ awayMs }) => awayMs))} ms`,
    `client silent ${summary(played.map(({ silenceMs }) => silenceMs))} ms`,
    `several takers in ${doubled.length} of ${played.length}`,
    ...(doubled.length === 0
      ? []
      : [
          `then together for ${summary(doubled.map(({ doubleMs }) => doubleMs))} ms, client silent ${summary(doubled.map(({ silenceMs }) => silenceMs))} ms`,
        ]),
  ];
  process.stdout.write(`backups ${name}: ${text.join(", ")}\n`);
}
