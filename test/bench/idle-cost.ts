/**
 * What an idle agent costs: CPU time of all processes of its container in the lab, from /proc, with the checks of ports
 * at their defaults; beside it the shell image's way, keepalived with a script of `bash`, `iptables` and `grep` a second.
 *
 * Run after `npm run build`, as root, on a machine that does nothing else: `node test/bench/idle-cost.ts [SECONDS]`.
 */
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import type { Container } from "../e2e/lab/container.ts";
import type { Host } from "../e2e/lab/host.ts";
import { createLab } from "../e2e/lab/lab.ts";
import type { IptablesBackend } from "../e2e/lab/rancher-rules.ts";
import { DEFAULT_VIP } from "../e2e/lab/topology.ts";
import { until } from "../e2e/lab/until.ts";

/** With the hooks these are 19 rules in the nat table. */
const PORTS = [80, 443, 8080].map((port) => ({ port, protocol: "tcp" as const }));
/** What a start costs is over by then, ms. */
const SETTLE_MS = 15_000;
const TICKS_PER_SECOND = 100;

interface Process {
  readonly name: string;
  readonly parent: number;
  /** User and system time, its own and that of the children that it waited for, in ticks. */
  readonly ticks: number;
}

interface Way {
  readonly name: string;
  readonly start: (host: Host, backend: IptablesBackend) => Promise<Container>;
}

const WAYS: readonly Way[] = [
  { name: "agent", start: startAgent },
  { name: "shell image", start: startShellImage },
];

const seconds = Number(process.argv[2] ?? 60);
for (const backend of ["legacy", "nft"] as const) {
  for (const way of WAYS) {
    const lab = await createLab({ hosts: 1, backend });
    try {
      const host = lab.host("h1");
      await host.publishPorts(PORTS);
      const container = await way.start(host, backend);
      await until(() => lab.owner(DEFAULT_VIP), 30_000, "the host holds the VIP");
      await sleep(SETTLE_MS);
      report(`${way.name}, rules of ${backend}`, await measure(container.pid, seconds));
    } finally {
      await lab.destroy();
    }
  }
}

async function startAgent(host: Host): Promise<Container> {
  return (await host.startAgent({ CHECK_PORT: "80", LOG_LEVEL: "info" })).container;
}

async function startShellImage(host: Host, backend: IptablesBackend): Promise<Container> {
  const look = `iptables-${backend} -t nat -nL CATTLE_PREROUTING | grep ':80'`;
  writeFileSync(
    host.confFile,
    `
    global_defs {
      router_id image
      script_user root
    }
    vrrp_script published {
      script "/bin/bash -c \\"${look}\\""
      interval 1
      fall 2
      rise 2
    }
    vrrp_instance main {
      state BACKUP
      interface eth0
      virtual_router_id 100
      priority 100
      advert_int 1
      unicast_src_ip ${host.address}
      unicast_peer {
        ${host.address}
      }
      virtual_ipaddress {
        ${DEFAULT_VIP}/32 dev eth0
      }
      track_script {
        published
      }
    }
    `,
  );
  return host.startContainer(["keepalived", "-n", "-l", "-P", "-f", host.confFile]);
}

/** CPU of each process below `root`, in % of one core. Processes that come and go count for who waits for them. */
async function measure(root: number, durationSeconds: number): Promise<Map<string, number>> {
  const before = processesBelow(root);
  await sleep(durationSeconds * 1_000);
  const shares = new Map<string, number>();
  for (const [pid, { name, ticks }] of processesBelow(root)) {
    const share = (100 * (ticks - (before.get(pid)?.ticks ?? 0))) / TICKS_PER_SECOND / durationSeconds;
    shares.set(name, (shares.get(name) ?? 0) + share);
  }
  return shares;
}

function processesBelow(root: number): Map<number, Process> {
  const all = readdirSync("/proc")
    .filter((entry) => /^\d+$/.test(entry))
    .map(Number);
  const processes = new Map(all.flatMap((pid) => readProcess(pid)));
  const isBelow = (pid: number): boolean => {
    const parent = processes.get(pid)?.parent;
    return pid === root || (parent !== undefined && isBelow(parent));
  };
  return new Map([...processes].filter(([pid]) => isBelow(pid)));
}

/** None where it has ended meanwhile. */
function readProcess(pid: number): [number, Process][] {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
    const name = stat.slice(stat.indexOf("(") + 1, stat.lastIndexOf(")"));
    const [, parent, ...fields] = stat
      .slice(stat.lastIndexOf(")") + 2)
      .split(" ")
      .map(Number);
    const ticks = fields.slice(9, 13).reduce((sum, value) => sum + value, 0);
    return [[pid, { name, parent: parent ?? 0, ticks }]];
  } catch {
    return [];
  }
}

function report(title: string, shares: ReadonlyMap<string, number>): void {
  const total = shares.values().reduce((sum, share) => sum + share, 0);
  const parts = [...shares].map(([name, share]) => `${name} ${share.toFixed(2)}`);
  process.stdout.write(
    `${title}: ${total.toFixed(2)} % of one core over ${seconds} s (${parts.join(", ")})\n`,
  );
}
