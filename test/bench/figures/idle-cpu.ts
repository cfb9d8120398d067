import { setTimeout as sleep } from "node:timers/promises";
import type { IptablesBackend } from "../../e2e/lab/rancher-rules.ts";
import { DEFAULT_VIP } from "../../e2e/lab/topology.ts";
import { until } from "../../e2e/lab/until.ts";
import { createBenchLab } from "../bench-lab.ts";
import type { Figure, Session } from "../figure.ts";
import { cpuSecondsBelow } from "../processes.ts";
import { agentWay, baselineWay, type Way } from "../way.ts";

const PORTS = [80, 443, 8080].map((port) => ({ port, protocol: "tcp" as const }));
/** One that Docker published itself: with Rancher's 19 it is the 20th rule of the nat table. */
const DOCKER_RULE =
  "-t nat -A DOCKER ! -i docker0 -p tcp --dport 5000 -j DNAT --to-destination 172.17.0.3:5000";
const HOSTS = 3;
/** What a start costs is over by then, and V8 has compiled what a quiet agent does, ms. */
const SETTLE_MS = 30_000;
const MEASURED_MS = 30_000;

function idleCpu(backend: IptablesBackend): Figure {
  return {
    name: `idle-cpu-${backend}`,
    title: `Idle CPU of the container, 20 rules, ${backend}`,
    unit: "% of a core",
    how: `${HOSTS} hosts with 20 rules in the nat table of iptables-${backend} each, the check of the port at its defaults, nothing happening. CPU time of all processes of the owner's container, from /proc, over ${MEASURED_MS / 1_000} s, ${SETTLE_MS / 1_000} s after the VIP was there.`,
    contenders: [
      {
        name: "agent",
        open: () => open(agentWay(), backend),
        target: { atMost: 1.2, ratio: 0.8 },
        maxRounds: 3,
      },
      { name: "baseline", open: () => open(baselineWay({ backend }), backend), maxRounds: 3 },
    ],
    isAtOnce: true,
  };
}

export const IDLE_CPU: readonly Figure[] = [idleCpu("nft"), idleCpu("legacy")];

async function open(way: Way, backend: IptablesBackend): Promise<Session> {
  const lab = await createBenchLab({ hosts: HOSTS, backend });
  try {
    for (const host of lab.hosts) {
      await host.publishPorts(PORTS);
      await host.run([`iptables-${backend}`, ...DOCKER_RULE.split(" ")]);
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
