/** How long a takeover of many VIPs takes until the neighbours know of the last one, and how many packets that is at a time. */
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { statusOf } from "../../e2e/lab/ask.ts";
import type { Host } from "../../e2e/lab/host.ts";
import { IMAGE_ENV } from "../../e2e/lab/image-program.ts";
import type { Lab } from "../../e2e/lab/lab.ts";
import { DEFAULT_VIP, labNetwork } from "../../e2e/lab/topology.ts";
import { until } from "../../e2e/lab/until.ts";
import { mostWithin, openSniffer } from "../../wire/io/sniffer.ts";
import { createBenchLab } from "../bench-lab.ts";
import { formatValue } from "../format.ts";
import { summarize } from "../statistics.ts";
import type { Limit } from "./limits-table.ts";

const ROUNDS = 3;
/** A host that starts listens before it may own the VIPs. */
const LISTENS_MS = 5_000;
/** The second round of announcements is over. */
const AFTER_MS = 3_000;
const PATIENCE_MS = 120_000;
const SHIPPED = new URL("../../../templates/keepalived.conf.njk", import.meta.url);
const WAYS = [
  { vips: 30, pace: "the agent's" },
  { vips: 300, pace: "the agent's" },
  { vips: 300, pace: "keepalived's own" },
] as const;

interface Takeover {
  readonly tookMs: number;
  readonly mostIn10Ms: number;
  readonly mostInSecond: number;
}

/** @param report is told of each way. */
export async function measureAnnouncements(report: (line: string) => void): Promise<Limit> {
  const rows: string[][] = [];
  for (const { vips, pace } of WAYS) {
    const lab = await createBenchLab({ hosts: 2 });
    try {
      const takeovers = await measure(lab, vips, pace === "keepalived's own");
      const median = (of: (takeover: Takeover) => number) => formatValue(summarize(takeovers.map(of)).median);
      rows.push([
        String(vips),
        pace,
        median(({ tookMs }) => tookMs),
        median(({ mostIn10Ms }) => mostIn10Ms),
        median(({ mostInSecond }) => mostInSecond),
      ]);
      report(`announcements of ${vips} at ${pace} pace: ${JSON.stringify(takeovers)}`);
    } finally {
      await lab.destroy();
    }
  }
  return {
    title: "Gratuitous ARP of a takeover",
    how: `One group on two hosts. The owner's agent is stopped, and a neighbour notes when its kernel gets each announcement. Medians of ${ROUNDS} takeovers, the hosts in turn. keepalived's own pace is the shipped template without \`vrrp_garp_interval\`.`,
    head: ["VIPs", "pace", "from the first VIP to the last, ms", "most in 10 ms", "most in 1 s"],
    rows,
  };
}

async function measure(lab: Lab, vips: number, isUnpaced: boolean): Promise<Takeover[]> {
  const [one, other] = lab.hosts as [Host, Host];
  const others = Array.from({ length: vips - 1 }, (_, index) => `10.9.${index >> 7}.${1 + (index & 127)}`);
  const env = { ...IMAGE_ENV, LOG_LEVEL: "info", VIRTUAL_IP: [DEFAULT_VIP, ...others].join(",") };
  const start = async (host: Host) => {
    await host.startAgent({ ...env, ...(isUnpaced ? { TEMPLATE: writeUnpaced(host) } : {}) });
  };
  await start(one);
  await until(async () => (await lab.holders(DEFAULT_VIP)).length === 1, PATIENCE_MS, "the host is owner");
  const takeovers: Takeover[] = [];
  for (let round = 0; round < ROUNDS; round += 1) {
    const [owner, next] = round % 2 === 0 ? [one, other] : [other, one];
    await start(next);
    const isBackup = async () => (await statusOf(next))?.instances[0]?.state === "BACKUP";
    await until(isBackup, PATIENCE_MS, "the other host is a backup");
    await sleep(LISTENS_MS);
    takeovers.push(await watch(lab, vips, { owner, next }));
  }
  return takeovers;
}

async function watch(
  lab: Lab,
  vips: number,
  { owner, next }: Readonly<Record<"owner" | "next", Host>>,
): Promise<Takeover> {
  const [link] = JSON.parse(await next.run(["ip", "-json", "link", "show", "eth0"]));
  const mac = String(link.address).replaceAll(":", "");
  const sniffer = await openSniffer(["ip", "netns", "exec", labNetwork(lab.name).clientNamespace]);
  const announcements = () =>
    sniffer.of("announcement").filter(({ source, target }) => source === mac && target !== next.address);
  await owner.stopAgent();
  const isWhole = () => new Set(announcements().map(({ target }) => target)).size === vips;
  await until(isWhole, PATIENCE_MS, "all VIPs were announced");
  await sleep(AFTER_MS);
  sniffer.end();
  const seen = announcements();
  const firstMs = new Map<string, number>();
  for (const { target, atMs } of seen) firstMs.set(target, firstMs.get(target) ?? atMs);
  const times = [...firstMs.values()];
  return {
    tookMs: Math.max(...times) - Math.min(...times),
    mostIn10Ms: mostWithin(seen, 10),
    mostInSecond: mostWithin(seen, 1_000),
  };
}

/** @returns the template's path in the host's container. */
function writeUnpaced(host: Host): string {
  const template = join(host.folder, "unpaced.njk");
  writeFileSync(template, readFileSync(SHIPPED, "utf8").replace(/^ {2}vrrp_(garp|gna)_interval .*\n/gm, ""));
  return template;
}
