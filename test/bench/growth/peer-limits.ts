/** What many unicast peers cost an owner's keepalived, and how long a reload takes with them; beside it multicast. */
import { readdirSync, readFileSync, readlinkSync, statSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import type { Host } from "../../e2e/lab/host.ts";
import { IMAGE_ENV } from "../../e2e/lab/image-program.ts";
import type { Lab } from "../../e2e/lab/lab.ts";
import { setServiceMetadata } from "../../e2e/lab/metadata-changes.ts";
import { DEFAULT_VIP } from "../../e2e/lab/topology.ts";
import { until } from "../../e2e/lab/until.ts";
import { createBenchLab } from "../bench-lab.ts";
import { formatValue } from "../format.ts";
import { summarize } from "../statistics.ts";
import type { Limit } from "./limits-table.ts";

const SIZES = [10, 100, 300, 1_000];
const WATCH_MS = 10_000;
const RELOADS = 5;
/** The agent's own pause between two reloads, and some time for the second one. */
const RELOAD_PAUSE_MS = 3_000;
const PATIENCE_MS = 60_000;
const ADVERTS_PER_SECOND = 5;

/** @param report is told of each size. */
export async function measurePeers(report: (line: string) => void): Promise<Limit> {
  const rows: string[][] = [];
  for (const size of [...SIZES, "multicast"] as const) {
    const lab = await createBenchLab({ hosts: 1 });
    try {
      rows.push(await measure(lab, size, report));
    } finally {
      await lab.destroy();
    }
  }
  return {
    title: "Unicast peers",
    how: `One owner with one group at the defaults, an advert each 0.2 s to each peer. The peers are addresses of one neighbour that drops what it gets, so each advert leaves the host. Over ${WATCH_MS / 1_000} s: packets on the wire beside what is due, and CPU of keepalived's processes. A reload is what the agent measures from the new text to keepalived's confirmation, the median of ${RELOADS}.`,
    head: [
      "peers",
      "keepalived.conf, KB",
      "adverts due a second",
      "packets sent a second",
      "keepalived's CPU, %",
      "reload, ms",
    ],
    rows,
  };
}

async function measure(
  lab: Lab,
  size: number | "multicast",
  report: (line: string) => void,
): Promise<string[]> {
  const [host] = lab.hosts as [Host];
  await addSink(lab, host);
  const peers = size === "multicast" ? 0 : size;
  const addresses = Array.from({ length: peers }, (_, index) => `10.20.${index >> 7}.${1 + (index & 127)}`);
  const transport = size === "multicast" ? { UNICAST: "false" } : { UNICAST_PEERS: addresses.join(",") };
  const agent = await host.startAgent({ ...IMAGE_ENV, LOG_LEVEL: "info", ...transport });
  await until(async () => (await lab.holders(DEFAULT_VIP)).length === 1, PATIENCE_MS, "the host is owner");
  await sleep(RELOAD_PAUSE_MS);
  const reloadMs: number[] = [];
  for (let change = 1; change <= RELOADS; change += 1) {
    const from = agent.logPosition;
    lab.metadata.publish((document) =>
      setServiceMetadata(document, { preempt_delay: change, preempt: true }),
    );
    const applied = await agent.awaitLog(({ msg }) => msg === "configuration applied", {
      from,
      timeoutMs: PATIENCE_MS,
    });
    reloadMs.push(Number(applied["durationMs"]));
    await sleep(RELOAD_PAUSE_MS);
  }
  const [packets, cpu, startMs] = [await packetsOf(host), keepalivedCpuMs(host), performance.now()];
  await sleep(WATCH_MS);
  const seconds = (performance.now() - startMs) / 1_000;
  const sent = ((await packetsOf(host)) - packets) / seconds;
  const share = (keepalivedCpuMs(host) - cpu) / (10 * seconds);
  const due = ADVERTS_PER_SECOND * Math.max(1, peers);
  const cells = [
    String(size),
    formatValue((host.conf()?.length ?? 0) / 1_000),
    String(due),
    formatValue(sent),
    formatValue(share),
    formatValue(summarize(reloadMs).median),
  ];
  report(`peers ${cells.join(" | ")}; reloads ${reloadMs.join(" ")}`);
  return cells;
}

/** The client has all addresses of the peers, and drops VRRP, so that it answers nothing. */
async function addSink(lab: Lab, host: Host): Promise<void> {
  await lab.runOnClient(["ip", "route", "add", "local", "10.20.0.0/16", "dev", "lo"]);
  await lab.runOnClient(["iptables-nft", "-A", "INPUT", "-p", "112", "-j", "DROP"]);
  await host.run(["ip", "route", "add", "10.20.0.0/16", "via", "198.51.100.200"]);
}

async function packetsOf(host: Host): Promise<number> {
  const [link] = JSON.parse(await host.run(["ip", "-json", "-stats", "link", "show", "eth0"]));
  return link.stats64.tx.packets;
}

/** Of the keepalived processes in the host's network, ms so far as the scheduler counts it. */
function keepalivedCpuMs({ namespace }: Host): number {
  const { ino } = statSync(`/run/netns/${namespace}`);
  const times = readdirSync("/proc").map((pid) => {
    try {
      const isHere = readlinkSync(`/proc/${pid}/ns/net`) === `net:[${ino}]`;
      const isKeepalived = isHere && readFileSync(`/proc/${pid}/comm`, "utf8") === "keepalived\n";
      return isKeepalived ? Number(readFileSync(`/proc/${pid}/schedstat`, "utf8").split(" ")[0]) : 0;
    } catch {
      return 0; // no process, or one that has ended
    }
  });
  return times.reduce((sum, nanoseconds) => sum + nanoseconds, 0) / 1e6;
}
