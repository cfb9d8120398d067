import { setTimeout as sleep } from "node:timers/promises";
import type { IptablesBackend } from "../../e2e/lab/rancher-rules.ts";
import { DEFAULT_VIP } from "../../e2e/lab/topology.ts";
import { until } from "../../e2e/lab/until.ts";
import { createBenchLab } from "../bench-lab.ts";
import type { Figure, Session } from "../figure.ts";
import { cpuSecondsBelow } from "../processes.ts";
import { agentWay, baselineWay, type Way } from "../way.ts";

const PORTS = [80, 443, 8080].map((port) => ({ port, protocol: "tcp" as const }));
/** Of the nat table: the hooks, and the rules of Rancher's three ports. Docker published the others itself. */
const RANCHERS_RULES = 19;
const FIRST_DOCKER_PORT = 5_000;
const HOSTS = 3;
/** What a start costs is over by then, and V8 has compiled what a quiet agent does, ms. */
const SETTLE_MS = 30_000;
const MEASURED_MS = 30_000;

interface Rules {
  readonly backend: IptablesBackend;
  /** In the nat table. */
  readonly count: number;
}

function idleCpu(name: string, rules: Rules): Figure {
  const { backend, count } = rules;
  const shown = count.toLocaleString("en");
  return {
    name,
    title: `Idle CPU of the container, ${shown} rules, ${backend}`,
    unit: "% of a core",
    how: `${HOSTS} hosts with ${shown} rules in the nat table of iptables-${backend} each, the check of the port at its defaults, nothing happening. CPU time of all processes of the owner's container, from /proc, over ${MEASURED_MS / 1_000} s, ${SETTLE_MS / 1_000} s after the VIP was there.`,
    contenders: [
      {
        name: "agent",
        open: () => open(agentWay(), rules),
        target: { atMost: 1.2, ratio: 0.8 },
        maxRounds: 3,
      },
      { name: "baseline", open: () => open(baselineWay({ backend }), rules), maxRounds: 3 },
    ],
    isAtOnce: true,
  };
}

export const IDLE_CPU: readonly Figure[] = [
  idleCpu("idle-cpu-nft", { backend: "nft", count: 20 }),
  idleCpu("idle-cpu-legacy", { backend: "legacy", count: 20 }),
  idleCpu("idle-cpu-1000-nft", { backend: "nft", count: 1_000 }),
  idleCpu("idle-cpu-1000-legacy", { backend: "legacy", count: 1_000 }),
];

async function open(way: Way, { backend, count }: Rules): Promise<Session> {
  const lab = await createBenchLab({ hosts: HOSTS, backend });
  try {
    for (const host of lab.hosts) {
      await host.publishPorts(PORTS);
      await host.restoreRules(dockerRules(count - RANCHERS_RULES));
      const rules = await host.run([`iptables-${backend}`, "-t", "nat", "-S"]);
      const found = rules.split("\n").filter((line) => line.startsWith("-A ")).length;
      if (found !== count) throw new Error(`the nat table has ${found} rules, not ${count}`);
    }
    const containers = await Promise.all(lab.hosts.map((host) => way.start(host)));
    await until(() => lab.owner(DEFAULT_VIP), 60_000, "a host holds the VIP");
    await sleep(SETTLE_MS);
    const measure = async () => {
      const owner = await lab.owner(DEFAULT_VIP);
      const before = containers.map(({ pid }) => cpuSecondsBelow(pid));
      const startMs = performance.now();
      await sleep(MEASURED_MS);
      const passedMs = performance.now() - startMs;
      const shares = containers.map(
        ({ pid }, index) => (100_000 * (cpuSecondsBelow(pid) - before[index]!)) / passedMs,
      );
      if (owner === undefined || owner !== (await lab.owner(DEFAULT_VIP))) throw new Error("the VIP moved");
      const isOwner = (_: number, index: number) => lab.hosts[index] === owner;
      const backups = shares.filter((share, index) => !isOwner(share, index));
      return { value: shares.find(isOwner)!, notes: { "of a backup, %": Math.max(...backups) } };
    };
    return { measure, close: () => lab.destroy() };
  } catch (error) {
    await lab.destroy();
    throw error;
  }
}

/** Text for `iptables-restore --noflush`: a published port for each rule, as Docker writes it. */
function dockerRules(count: number): string {
  const ports = Array.from({ length: count }, (_, index) => FIRST_DOCKER_PORT + index);
  const rules = ports.map(
    (port) =>
      `-A DOCKER ! -i docker0 -p tcp -m tcp --dport ${port} -j DNAT --to-destination 172.17.0.3:${port}`,
  );
  return ["*nat", ...rules, "COMMIT", ""].join("\n");
}
