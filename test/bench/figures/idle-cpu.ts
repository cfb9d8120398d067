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
/** What a start costs is over by then, ms. */
const SETTLE_MS = 10_000;
const MEASURED_MS = 30_000;

function idleCpu(backend: IptablesBackend): Figure {
  return {
    name: `idle-cpu-${backend}`,
    title: `Idle CPU of the container, 20 rules, ${backend}`,
    unit: "% of a core",
    how: `One host with 20 rules in the nat table of iptables-${backend}, the check of the port at its defaults, nothing happening. CPU time of all processes of the container, from /proc, over ${MEASURED_MS / 1_000} s.`,
    contenders: [
      {
        name: "agent",
        open: () => open(agentWay(), backend),
        target: { atMost: 1.2, ratio: 0.8 },
        maxRounds: 2,
      },
      { name: "baseline", open: () => open(baselineWay({ backend }), backend), maxRounds: 2 },
    ],
    isAtOnce: true,
  };
}

export const IDLE_CPU: readonly Figure[] = [idleCpu("nft"), idleCpu("legacy")];

async function open(way: Way, backend: IptablesBackend): Promise<Session> {
  const lab = await createBenchLab({ hosts: 1, backend });
  try {
    const host = lab.host("h1");
    await host.publishPorts(PORTS);
    await host.run([`iptables-${backend}`, ...DOCKER_RULE.split(" ")]);
    const { pid } = await way.start(host);
    await until(() => lab.owner(DEFAULT_VIP), 60_000, "the host holds the VIP");
    await sleep(SETTLE_MS);
    const measure = async () => {
      const startMs = performance.now();
      const before = cpuSecondsBelow(pid);
      await sleep(MEASURED_MS);
      const cpuMs = (cpuSecondsBelow(pid) - before) * 1_000;
      return { value: (100 * cpuMs) / (performance.now() - startMs) };
    };
    return { measure, close: () => lab.destroy() };
  } catch (error) {
    await lab.destroy();
    throw error;
  }
}
