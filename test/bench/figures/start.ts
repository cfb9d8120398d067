import { DEFAULT_VIP as VIP } from "../../e2e/lab/topology.ts";
import { until } from "../../e2e/lab/until.ts";
import { createBenchLab } from "../bench-lab.ts";
import type { Figure, Session } from "../figure.ts";
import { agentWay, baselineWay, type Way } from "../way.ts";

const PATIENCE_MS = 60_000;

export const START: Figure = {
  name: "start",
  title: "Start of the container to keepalived running",
  unit: "ms",
  how: "One host, nothing cached by an earlier run but files and what the image brings. Measured is the time from the start of the container (its namespaces and its init are part of it) to the line in which keepalived says that its startup is complete; beside it, until the host has the VIP.",
  contenders: [
    { name: "agent", open: () => open(agentWay()), target: { atMost: 600 } },
    { name: "baseline", open: () => open(baselineWay()) },
  ],
};

async function open(way: Way): Promise<Session> {
  const lab = await createBenchLab({ hosts: 1 });
  const host = lab.host("h1");
  const measure = async () => {
    const startMs = performance.timeOrigin + performance.now();
    const { log } = await way.start(host);
    const isUp = (text: string) => (text.includes("Startup complete") ? true : undefined);
    await log.first(isUp, { timeoutMs: PATIENCE_MS });
    const upMs = log.lines.find(({ text }) => isUp(text))!.atMs;
    const held = () => lab.ownership.tenures(VIP).find(({ fromMs }) => fromMs > startMs);
    const { fromMs } = await until(held, PATIENCE_MS, "the host holds the VIP");
    await host.stopAgent();
    return { value: upMs - startMs, notes: { "VIP held, ms": fromMs - startMs } };
  };
  return { measure, close: () => lab.destroy() };
}
