import { setTimeout as sleep } from "node:timers/promises";
import type { Host } from "../../e2e/lab/host.ts";
import type { Lab } from "../../e2e/lab/lab.ts";
import { setServiceMetadata } from "../../e2e/lab/metadata-changes.ts";
import { until } from "../../e2e/lab/until.ts";
import { createBenchLab } from "../bench-lab.ts";
import { START_MS } from "../failover.ts";
import type { Figure, Measurement, Session } from "../figure.ts";
import { agentWay, baselineWay, type Way } from "../way.ts";

const GROUPS = 50;
const VIPS_EACH = 4;
const PATIENCE_MS = 120_000;
/** Of the lab's LAN: free from .20 to .254 but for the client's .200. */
const FREE = Array.from({ length: 235 }, (_, index) => 20 + index).filter((octet) => octet !== 200);
const VIPS = FREE.slice(0, GROUPS * VIPS_EACH).map((octet) => `198.51.100.${octet}`);
const GROUP_VIPS = Array.from({ length: GROUPS }, (_, index) =>
  VIPS.slice(index * VIPS_EACH, (index + 1) * VIPS_EACH),
);
const INSTANCES = Object.fromEntries(
  GROUP_VIPS.map((vips, index) => [`g${index}`, { virtual_ip: vips.join(",") }]),
);

export const MANY_GROUPS: Figure = {
  name: "many-groups",
  title: `${GROUPS} groups of ${VIPS_EACH} VIPs on 3 hosts, one dies: until all are served`,
  unit: "ms",
  how: `Three hosts, ${GROUPS} groups. No packet of the host with the most VIPs arrives any more. Measured is the time until the last of its VIPs is on another host, as the kernels report their addresses.`,
  contenders: [
    {
      name: "agent",
      open: () => open(agentWay({ VIRTUAL_IP: undefined })),
      target: { atMost: 1_200 },
      maxRounds: 3,
    },
    { name: "baseline", open: () => open(baselineWay({ groups: GROUP_VIPS })), maxRounds: 3 },
  ],
};

async function open(way: Way): Promise<Session> {
  const lab = await createBenchLab({ hosts: 3 });
  try {
    lab.metadata.publish((document) => setServiceMetadata(document, { instances: INSTANCES }));
    await Promise.all(lab.hosts.map((host) => way.start(host)));
    return { measure: () => measure(lab), close: () => lab.destroy() };
  } catch (error) {
    await lab.destroy();
    throw error;
  }
}

async function measure(lab: Lab): Promise<Measurement> {
  await until(() => areAllHeldOnce(lab), PATIENCE_MS, "each VIP has one owner");
  await sleep(START_MS);
  const held = lab.hosts.map((host) => VIPS.filter((vip) => holderOf(lab, vip) === host.name));
  const victim = held.indexOf(held.toSorted((a, b) => b.length - a.length)[0]!);
  const host: Host = lab.hosts[victim]!;
  const sinceMs = performance.timeOrigin + performance.now();
  await host.setLink("down", "wire");
  const takenMs = (vip: string) =>
    lab.ownership.tenures(vip).find(({ host: by, fromMs }) => by !== host.name && fromMs > sinceMs)?.fromMs;
  const areAllTaken = () => held[victim]!.every((vip) => takenMs(vip) !== undefined);
  await until(areAllTaken, PATIENCE_MS, "each of its VIPs is on another host");
  const lastMs = Math.max(...held[victim]!.map((vip) => takenMs(vip)!));
  await host.setLink("up", "wire");
  return { value: lastMs - sinceMs, notes: { "VIPs of the dead host": held[victim]!.length } };
}

function areAllHeldOnce(lab: Lab): boolean {
  return VIPS.every((vip) => holderOf(lab, vip) !== undefined);
}

/** The only host that holds the VIP now. */
function holderOf({ ownership }: Lab, vip: string): string | undefined {
  const [holder, ...others] = ownership.tenures(vip).filter(({ toMs }) => toMs === Number.POSITIVE_INFINITY);
  return others.length > 0 ? undefined : holder?.host;
}
