/**
 * A client, a host that publishes ports as Rancher does, and a container behind it, each in a network namespace: real rules,
 * real packets.
 */
import { type ChildProcessByStdio, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { createInterface } from "node:readline";
import type { Readable, Writable } from "node:stream";
import { fileURLToPath } from "node:url";
import { execa } from "execa";
import type { ProbeOutcome } from "../../../src/health/probe-outcome.ts";
import type { Backend } from "../../../src/iptables/table-read.ts";
import type { PortQuestion } from "../../../src/ports/published-port.ts";

const PROGRAM = fileURLToPath(new URL("./target-program.ts", import.meta.url));
const VIP = "198.51.100.50";
const CONTAINER = "10.42.1.2";
const VIP6 = "2001:db8::50";
const CONTAINER6 = "fd00:42::2";

export const HTTP: PortQuestion = { protocol: "tcp", port: 80, address: VIP, interface: "eth0" };
export const DNS: PortQuestion = { protocol: "udp", port: 80, address: VIP, interface: "eth0" };

export const HTTP6: PortQuestion = { protocol: "tcp", port: 80, address: VIP6, interface: "eth0" };

export interface Prober {
  probe(): Promise<ProbeOutcome>;
  close(): Promise<void>;
}

export interface TargetLab {
  readonly container: string;
  /** Runs a command on the host. */
  onHost(...command: readonly string[]): Promise<{ readonly stdout: string }>;
  /** Starts the program behind port 80 of the container. */
  startServer(): Promise<void>;
  endServer(): Promise<void>;
  /** Whether a connection of the client to port 80 of the VIP is accepted. */
  clientGetsThrough(vip?: string): Promise<boolean>;
  /** Starts an agent that knows nothing yet. */
  startProber(questions: readonly PortQuestion[]): Promise<Prober>;
  remove(): Promise<void>;
}

export async function openTargetLab(backend: Backend): Promise<TargetLab> {
  const prefix = `rkt-${process.pid}-${backend}`;
  const [host, client, container] = [`${prefix}-h`, `${prefix}-c`, `${prefix}-b`];
  const folder = await mkdtemp(path.join(tmpdir(), "target-lab-"));
  const inside = (namespace: string) => ["netns", "exec", namespace] as const;
  const on = (namespace: string, ...command: readonly string[]) =>
    execa("ip", [...inside(namespace), ...command]);
  const probers = new Set<Prober>();
  let server: ChildProcessByStdio<null, Readable, null> | undefined;
  const endServer = async () => {
    if (server === undefined || server.exitCode !== null || server.signalCode !== null) return;
    server.kill("SIGKILL");
    await once(server, "exit");
  };
  const remove = async () => {
    for (const prober of probers) await prober.close();
    await endServer();
    for (const name of [host, client, container])
      await execa("ip", ["netns", "del", name], { reject: false });
    await rm(folder, { recursive: true, force: true, maxRetries: 20 });
  };
  try {
    for (const name of [host, client, container]) await execa("ip", ["netns", "add", name]);
    await plug(host, "eth0", client);
    await plug(host, "docker0", container);
    for (const command of CABLES) await execa("ip", ["-n", `${prefix}-${command[0]}`, ...command.slice(1)]);
    await on(host, "sysctl", "-qw", "net.ipv4.ip_forward=1");
    await on(host, "sysctl", "-qw", "net.ipv6.conf.all.forwarding=1");
    await execa("ip", [...inside(host), `iptables-${backend}-restore`], { input: RULES });
    await execa("ip", [...inside(host), `ip6tables-${backend}-restore`], { input: RULES6 });
  } catch (error) {
    await remove();
    throw error;
  }
  return {
    container: CONTAINER,
    onHost: (...command) => on(host, ...command),
    startServer: async () => {
      const script = `require("net").createServer().listen(80, "::", () => console.log("listening"))`;
      server = spawn("ip", [...inside(container), process.execPath, "-e", script], {
        stdio: ["ignore", "pipe", "inherit"],
      });
      await once(server.stdout, "data");
    },
    endServer,
    clientGetsThrough: async (vip = VIP) => {
      const connect = ["timeout", "1", "bash", "-c", `</dev/tcp/${vip}/80`];
      const { exitCode } = await execa("ip", [...inside(client), ...connect], { reject: false });
      return exitCode === 0;
    },
    startProber: async (questions) => {
      const args = [process.execPath, PROGRAM, JSON.stringify(questions), path.join(folder, "state")];
      const prober = proberOf(
        spawn("ip", [...inside(host), ...args], { stdio: ["pipe", "pipe", "inherit"] }),
      );
      probers.add(prober);
      return prober;
    },
    remove,
  };
}

/** A cable between a new interface of the host and `eth0` of another namespace. */
async function plug(host: string, name: string, other: string): Promise<void> {
  await execa("ip", [
    "-n",
    host,
    "link",
    "add",
    name,
    "type",
    "veth",
    "peer",
    "name",
    "eth0",
    "netns",
    other,
  ]);
}

/** The namespace by its last letter, and a command of `ip`. */
const CABLES = [
  ["h", "address", "add", "198.51.100.11/24", "dev", "eth0"],
  ["h", "address", "add", `${VIP}/32`, "dev", "eth0"],
  ["h", "address", "add", "10.42.1.1/24", "dev", "docker0"],
  ["h", "link", "set", "lo", "up"],
  ["h", "link", "set", "eth0", "up"],
  ["h", "link", "set", "docker0", "up"],
  ["c", "address", "add", "198.51.100.12/24", "dev", "eth0"],
  ["c", "link", "set", "eth0", "up"],
  ["b", "address", "add", `${CONTAINER}/24`, "dev", "eth0"],
  ["b", "link", "set", "eth0", "up"],
  ["b", "route", "add", "default", "via", "10.42.1.1"],
  ["h", "address", "add", "2001:db8::11/64", "dev", "eth0", "nodad"],
  ["h", "address", "add", `${VIP6}/128`, "dev", "eth0", "nodad"],
  ["h", "address", "add", "fd00:42::1/64", "dev", "docker0", "nodad"],
  ["c", "address", "add", "2001:db8::12/64", "dev", "eth0", "nodad"],
  ["b", "address", "add", `${CONTAINER6}/64`, "dev", "eth0", "nodad"],
  ["b", "route", "add", "default", "via", "fd00:42::1"],
] as const;

const RULES = `*nat
:CATTLE_PREROUTING - [0:0]
-A PREROUTING -m addrtype --dst-type LOCAL -j CATTLE_PREROUTING
-A CATTLE_PREROUTING ! -i docker0 -p tcp -m tcp --dport 80 -j DNAT --to-destination ${CONTAINER}:80
-A CATTLE_PREROUTING ! -i docker0 -p udp -m udp --dport 80 -j DNAT --to-destination ${CONTAINER}:80
COMMIT
*filter
:FORWARD ACCEPT [0:0]
COMMIT
`;

/** As a person publishes it: Rancher publishes no port for IPv6. */
const RULES6 = `*nat
-A PREROUTING -d ${VIP6}/128 -p tcp -m tcp --dport 80 -j DNAT --to-destination [${CONTAINER6}]:80
COMMIT
*filter
:FORWARD ACCEPT [0:0]
COMMIT
`;

function proberOf(child: ChildProcessByStdio<Writable, Readable, null>): Prober {
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const ended = once(child, "exit");
  return {
    probe: async () => {
      child.stdin.write("probe\n");
      return JSON.parse((await lines.next()).value ?? "{}");
    },
    close: async () => {
      child.stdin.end();
      await ended;
    },
  };
}
