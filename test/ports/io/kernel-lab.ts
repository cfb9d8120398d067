/**
 * A host with a virtual IP, its containers and its clients, each in a network namespace: what the kernel does with real
 * packets under real nat rules.
 *
 * One client lives in each eighth of all addresses, so that a share of the clients is a share of the addresses.
 */
import { type ChildProcessByStdio, spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import type { Readable, Writable } from "node:stream";
import { fileURLToPath } from "node:url";
import { execa } from "execa";
import type { Backend } from "../../../src/iptables/table-read.ts";

export const VIP = "192.168.10.100";
export const HOST = "192.168.10.11";
/** Where Rancher's rules lead to, and where those of others do. */
export const CONTAINERS = ["10.42.1.2", "10.42.1.3"] as const;
export const OTHERS = ["10.0.0.5", "10.0.0.6"] as const;
/** The port of this host to which rules in Rancher's chain redirect, and no others. */
export const RANCHERS_LOCAL_PORT = 9000;
/** Something listens on each of them everywhere. */
const PORTS = [53, 80, 443, 8080, RANCHERS_LOCAL_PORT] as const;
/** One of each eighth of all addresses. In the last one only class E has hosts. */
export const SPREAD_CLIENTS = [
  "5.77.0.9",
  "37.77.0.9",
  "69.77.0.9",
  "101.77.0.9",
  "133.77.0.9",
  "165.77.0.9",
  "197.77.0.9",
  "245.77.0.9",
] as const;
/** Of networks that rules name, and of the VIP's own. */
const NAMED_CLIENTS = ["198.51.100.7", "203.0.113.9", "192.168.10.1"] as const;
export const CLIENTS: readonly string[] = [...SPREAD_CLIENTS, ...NAMED_CLIENTS];

const ROUTER = "192.168.10.1";
const BRIDGE = "10.42.0.1";

export interface AskedPort {
  readonly protocol: "tcp" | "udp";
  readonly port: number;
}

export interface KernelLabOptions {
  readonly backend: Backend;
  /** The name of the host's interface by which clients come. */
  readonly uplink: string;
}

export interface KernelLab extends KernelLabOptions {
  /**
   * Replaces the nat table and those before it, raw and mangle, which need not be in the text. @returns the save of all, as the
   * agent reads it. @throws where the kernel refuses a table.
   */
  load(table: string): Promise<string>;
  /** Where each of `CLIENTS` arrives with each port: `ADDRESS:PORT`, or why nowhere. */
  ask(ports: readonly AskedPort[]): Promise<readonly (readonly string[])[]>;
  remove(): Promise<void>;
}

type Place = "host" | "inside" | "outside";
type Program = ChildProcessByStdio<Writable, Readable, null>;

let labs = 0;

export async function openKernelLab({ backend, uplink }: KernelLabOptions): Promise<KernelLab> {
  labs += 1;
  const name = `rkk-${process.pid}-${labs}`;
  const places: readonly Place[] = ["host", "inside", "outside"];
  const within = (place: Place) => [`--net=/run/netns/${name}-${place}`, "--"];
  const programs: Program[] = [];
  const start = (place: Place, program: string, ...args: string[]): Program => {
    const file = fileURLToPath(new URL(program, import.meta.url));
    const bound = [...within(place), "setpriv", "--pdeathsig", "KILL", "--", process.execPath, file, ...args];
    const child = spawn("nsenter", bound, { stdio: ["pipe", "pipe", "inherit"] });
    programs.push(child);
    return child;
  };
  const run = async (place: Place, command: readonly string[], input = "") =>
    (await execa("nsenter", [...within(place), ...command], { input })).stdout;
  const remove = async () => {
    for (const program of programs) program.kill("SIGKILL");
    for (const place of places) await execa("ip", ["netns", "del", `${name}-${place}`], { reject: false });
  };
  try {
    for (const place of places) await execa("ip", ["netns", "add", `${name}-${place}`]);
    await run("outside", ["ip", "-batch", "-"], outsideLines(`${name}-host`, uplink));
    await run("inside", ["ip", "-batch", "-"], insideLines(`${name}-host`));
    await run("host", ["ip", "-batch", "-"], hostLines(uplink));
    await run("host", ["sysctl", "-q", "-w", ...SYSCTLS]);
    const ports = PORTS.join();
    await once(start("host", "./arrival-program.ts", ports, [VIP, HOST, BRIDGE].join()).stdout, "data");
    await once(
      start("inside", "./arrival-program.ts", ports, [...CONTAINERS, ...OTHERS].join()).stdout,
      "data",
    );
  } catch (error) {
    await remove();
    throw error;
  }
  const clients = start("outside", "./clients-program.ts", VIP, CLIENTS.join());
  const answers = createInterface({ input: clients.stdout });
  const loading = `set -e; iptables-${backend}-restore; iptables-${backend}-save; ${FORGET_RECENT}`;
  return {
    backend,
    uplink,
    remove,
    load: async (table) => {
      const empty = ["raw", "mangle"].map((name) => (table.includes(`*${name}\n`) ? "" : emptyTable(name)));
      return `${await run("host", ["sh", "-c", loading], `${empty.join("")}${table}`)}\n`;
    },
    ask: async (ports) => {
      const answer = once(answers, "line");
      clients.stdin.write(`${JSON.stringify(ports.map(({ protocol, port }) => [protocol, port]))}\n`);
      return JSON.parse(String((await answer)[0]));
    },
  };
}

function emptyTable(name: string): string {
  return linesOf([`*${name}`, ":PREROUTING ACCEPT [0:0]", "COMMIT"]);
}

/** Lists of `-m recent` live on when the next table has rules with the same name. */
const FORGET_RECENT =
  'for list in /proc/net/xt_recent/*; do if [ -e "$list" ]; then echo / > "$list"; fi; done';

/** Connections that ended are soon forgotten, and any address may come by the uplink. */
const SYSCTLS = [
  "net.ipv4.ip_forward=1",
  "net.ipv4.conf.all.rp_filter=0",
  "net.ipv4.conf.default.rp_filter=0",
  "net.netfilter.nf_conntrack_tcp_timeout_close=1",
  "net.netfilter.nf_conntrack_udp_timeout=1",
];

function outsideLines(host: string, uplink: string): string {
  return linesOf([
    `link add eth0 type veth peer name ${uplink} netns ${host}`,
    "link set lo up",
    `address add ${ROUTER}/24 dev eth0`,
    ...CLIENTS.filter((client) => client !== ROUTER).map((client) => `address add ${client}/32 dev eth0`),
    "link set eth0 up",
  ]);
}

function insideLines(host: string): string {
  return linesOf([
    `link add eth0 type veth peer name docker0 netns ${host}`,
    "link set lo up",
    ...CONTAINERS.map((address) => `address add ${address}/16 dev eth0`),
    ...OTHERS.map((address) => `address add ${address}/32 dev eth0`),
    "link set eth0 up",
    `route add default via ${BRIDGE}`,
  ]);
}

function hostLines(uplink: string): string {
  return linesOf([
    "link set lo up",
    `address add ${HOST}/24 dev ${uplink}`,
    `address add ${VIP}/32 dev ${uplink}`,
    `link set ${uplink} up`,
    `route add default via ${ROUTER}`,
    `address add ${BRIDGE}/16 dev docker0`,
    "link set docker0 up",
    ...OTHERS.map((address) => `route add ${address}/32 dev docker0`),
  ]);
}

function linesOf(lines: readonly string[]): string {
  return `${lines.join("\n")}\n`;
}
