import { setTimeout as sleep } from "node:timers/promises";
import type { Host } from "../../e2e/lab/host.ts";
import type { Lab } from "../../e2e/lab/lab.ts";
import { addContainer, addHost } from "../../e2e/lab/metadata-changes.ts";
import { DEFAULT_VIP as VIP } from "../../e2e/lab/topology.ts";
import { until } from "../../e2e/lab/until.ts";
import { createBenchLab } from "../bench-lab.ts";
import { addCrowd, changeCrowd } from "../crowd.ts";
import type { Figure, Measurement, Session } from "../figure.ts";
import { cpuSecondsBelow } from "../processes.ts";
import { agentWay } from "../way.ts";

const HOSTS = 100;
const CONTAINERS = 5_000;
/** Of all hosts, the own one among them: those that run the service. */
const MEMBERS = 3;
const VERSIONS = 60;
const VERSION_MS = 1_000;
/** What a start costs is over by then, ms. */
const SETTLE_MS = 10_000;

export const BUSY_ENVIRONMENT: Figure = {
  name: "busy-environment",
  title: `${HOSTS} hosts, ${CONTAINERS} containers, a new version each second: CPU of the container`,
  unit: "% of a core",
  how: `One host with the agent, in an environment of ${HOSTS} hosts, ${MEMBERS} of which run its service, and ${CONTAINERS} containers of another service. Each second for ${VERSIONS} s a container of the other service changes, so that metadata has a new version. CPU time of all processes of the container; beside it reloads of keepalived, and the bytes that metadata sent for a version, with all headers, as docker0 counted them. keepalived alone asks no metadata.`,
  contenders: [{ name: "agent", open, target: { atMost: 3, notes: { reloads: 0 } }, maxRounds: 1 }],
};

async function open(): Promise<Session> {
  const lab = await createBenchLab({ hosts: 1 });
  try {
    lab.metadata.publish((document) => {
      for (let number = 2; number <= HOSTS; number += 1) {
        addHost(document, { name: `h${number}`, address: `10.0.0.${number}` });
        if (number <= MEMBERS) addContainer(document, `h${number}`);
      }
      addCrowd(document, CONTAINERS);
    });
    const { pid, log } = await agentWay().start(lab.host("h1"));
    await until(() => lab.owner(VIP), 60_000, "the host holds the VIP");
    await sleep(SETTLE_MS);
    const reloads = () => log.lines.filter(({ text }) => text.includes('"line":"Reload complete"')).length;
    return { measure: () => measure(lab, pid, reloads), close: () => lab.destroy() };
  } catch (error) {
    await lab.destroy();
    throw error;
  }
}

async function measure(
  { hosts: [host], metadata }: Lab,
  pid: number,
  reloads: () => number,
): Promise<Measurement> {
  const startMs = performance.now();
  const before = { cpuSeconds: cpuSecondsBelow(pid), bytes: await receivedBytes(host!), reloads: reloads() };
  for (let version = 1; version <= VERSIONS; version += 1) {
    metadata.publish((document) => changeCrowd(document, version));
    await sleep(Math.max(0, startMs + version * VERSION_MS - performance.now()));
  }
  const seconds = (performance.now() - startMs) / 1_000;
  const bytes = (await receivedBytes(host!)) - before.bytes;
  return {
    value: (100 * (cpuSecondsBelow(pid) - before.cpuSeconds)) / seconds,
    notes: {
      reloads: reloads() - before.reloads,
      "bytes a version": bytes / VERSIONS,
      "bytes of the document": JSON.stringify(metadata.document).length,
    },
  };
}

/** What the metadata service sent so far: the veth's other end is in its namespace. */
async function receivedBytes(host: Host): Promise<number> {
  const links = JSON.parse(await host.run(["ip", "-json", "-stats", "link", "show", "dev", "veth0"]));
  return links[0].stats64.rx.bytes;
}
