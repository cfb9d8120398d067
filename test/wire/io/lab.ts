/** Two network namespaces with a wire between them, keepalived and raw packets on it, and programs that look at it. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, readFile, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { hrtime } from "node:process";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { execa } from "execa";
import { expect } from "vitest";
import type { Instance } from "../../../src/vrrp/instance.ts";
import type { CapturePlan } from "../../../src/wire/capture-plan.ts";
import { sendSignal } from "../../fixtures/send-signal.ts";
import { openSniffer, type Sniffer } from "./sniffer.ts";
import type { Report } from "./wire-program.ts";

const PROGRAM = fileURLToPath(new URL("./wire-program.ts", import.meta.url));
const PROGRAMS = ["setpriv", "perl"];
const SIDES = ["here", "there"] as const;
/** Takes lines `TIMES HEX`: packets of protocol 112, 200 each 10 ms, that count up at NNNN and down at MMMM. */
const SENDER = `
use Socket;
socket(S, PF_INET, SOCK_RAW, 112) or die $!;
my $to = pack_sockaddr_in(0, inet_aton(shift));
while (<STDIN>) {
  my ($times, $hex) = /^(\\d+) (\\w*)/ or die;
  for my $n (1 .. $times) {
    my $packet = $hex =~ s/NNNN/sprintf("%04x", $n)/er =~ s/MMMM/sprintf("%04x", 65535 - $n)/er;
    send(S, pack("H*", $packet), 0, $to);
    select(undef, undef, undef, 0.01) if $n % 200 == 0;
  }
}`;

export type Side = (typeof SIDES)[number];

export interface Listening {
  readonly pid: number;
  readonly ended: Promise<unknown>;
  report(): Promise<Report>;
  listening(): Promise<void>;
  abort(): void;
  /** Follows another plan. */
  setPlan(plan: CapturePlan): void;
  /** Announces addresses that the own MAC has. */
  announce(mac: string, addresses: readonly string[]): void;
  /** Pid of its Perl, undefined while there is none. */
  perl(): Promise<number | undefined>;
}

interface ListenOptions {
  readonly interfaceName?: string;
  /** Tells the adverts of this one alone. */
  readonly source?: string;
  readonly wrap?: readonly string[];
}

export interface WireLab {
  ip(side: Side, ...args: readonly string[]): Promise<void>;
  /** Runs any command on a side. @returns what it printed. */
  run(side: Side, command: string, ...args: readonly string[]): Promise<string>;
  /** `wrap` is a command that the program is started by. */
  start(side: Side, options?: ListenOptions): Listening;
  /** Runs these instances on a side; what it returns has them give up. */
  keepalived(side: Side, instances: readonly Instance[]): Promise<() => void>;
  /** Opens a sender of raw packets. */
  sender(side: Side, destination: string): (hex: string, times?: number) => void;
  /** Sees what comes to a side. */
  sniff(side: Side): Promise<Sniffer>;
  /** The MAC that a side has for an address. */
  neighbourOf(side: Side, address: string): Promise<string | undefined>;
  /** Has programs started later not find this one. */
  hide(program: string): Promise<void>;
  /** Undoes it. */
  restoreProgram(program: string): Promise<void>;
  remove(): Promise<void>;
}

/** Ms of the clock that all processes share. */
export const nowMs = () => Number(hrtime.bigint()) / 1e6;

let labs = 0;

export async function openWireLab(): Promise<WireLab> {
  labs += 1;
  const nameOf = (side: Side) => `rkw-${process.pid}-${labs}-${side}`;
  const inside = (side: Side) => [`--net=/run/netns/${nameOf(side)}`, "--"];
  const dir = await mkdtemp(path.join(tmpdir(), "wire-lab-"));
  const ip = async (side: Side, ...args: readonly string[]) => {
    await execa("ip", ["-n", nameOf(side), ...args]);
  };
  const run = async (side: Side, ...command: readonly string[]) => {
    const { stdout } = await execa("nsenter", [...inside(side), ...command]);
    return stdout;
  };
  const restoreProgram = async (program: string) => {
    await symlink((await execa("which", [program])).stdout, path.join(dir, program));
  };
  const remove = async () => {
    for (const side of SIDES) {
      const { stdout: pids } = await execa("ip", ["netns", "pids", nameOf(side)], { reject: false });
      for (const pid of pids.split("\n").filter(Boolean)) sendSignal(Number(pid), "SIGKILL");
      await execa("ip", ["netns", "del", nameOf(side)], { reject: false });
    }
    await rm(dir, { recursive: true, maxRetries: 20 });
  };
  const keepalived = async (side: Side, instances: readonly Instance[]) => {
    const conf = path.join(dir, `${side}.conf`);
    await writeFile(conf, `global_defs {\n  router_id ${side}\n}\n${instances.map(confOf).join("")}`);
    const pidFiles = ["-p", path.join(dir, `${side}.pid`), "-r", path.join(dir, `${side}-vrrp.pid`)];
    const args = [...inside(side), "keepalived", "-n", "-l", "-P", "-f", conf, ...pidFiles];
    const child = spawn("nsenter", args, { stdio: "ignore" });
    return () => void child.kill("SIGTERM");
  };
  try {
    for (const program of PROGRAMS) await restoreProgram(program);
    for (const side of SIDES) {
      await execa("ip", ["netns", "add", nameOf(side)]);
      await execa("nsenter", [...inside(side), "sysctl", "-q", "net.ipv6.conf.default.accept_dad=0"]);
    }
    await ip("here", ..."link add eth0 type veth peer name eth0 netns".split(" "), nameOf("there"));
    for (const [index, side] of SIDES.entries()) {
      await ip(side, "address", "add", `198.51.100.1${index}/24`, "dev", "eth0");
      await ip(side, "address", "add", `2001:db8::1${index}/64`, "dev", "eth0");
      await ip(side, "link", "set", "eth0", "up");
      await ip(side, "route", "add", "224.0.0.0/4", "dev", "eth0");
    }
  } catch (error) {
    await remove();
    throw error;
  }
  return {
    ip,
    run,
    restoreProgram,
    remove,
    keepalived,
    sniff: (side) => openSniffer(["nsenter", ...inside(side)]),
    neighbourOf: async (side, address) => {
      const { stdout } = await execa("ip", ["-n", nameOf(side), "-json", "neighbour", "show", address]);
      return JSON.parse(stdout)[0]?.lladdr;
    },
    hide: (program) => rm(path.join(dir, program)),
    start: (side, { interfaceName = "eth0", source, wrap = [] } = {}) => {
      const args = [interfaceName, ...(source === undefined ? [] : [source])];
      return startListening([...inside(side), ...wrap, process.execPath, PROGRAM, ...args], dir);
    },
    sender: (side, destination) => {
      const args = [...inside(side), "perl", "-e", SENDER, destination];
      const { stdin } = spawn("nsenter", args, { stdio: ["pipe", "ignore", "inherit"] });
      return (hex, times = 1) => stdin.write(`${times} ${hex}\n`);
    },
  };
}

function confOf(instance: Instance): string {
  const { name, vrrpVersion, virtualRouterId, priority, advertIntervalSeconds, authPass, unicast } = instance;
  return `
vrrp_instance ${name} {
  version ${vrrpVersion}
  state BACKUP
  interface ${instance.interface}
  virtual_router_id ${virtualRouterId}
  priority ${priority}
  advert_int ${advertIntervalSeconds}
${authPass === undefined ? "" : `authentication {\n auth_type PASS\n auth_pass "${authPass}"\n}`}
${unicast === undefined ? "" : `unicast_src_ip ${unicast.source}\nunicast_peer {\n${unicast.peers.join("\n")}\n}`}
  virtual_ipaddress {
    ${instance.firstVip.address}/${instance.firstVip.prefix} dev ${instance.interface}
  }
}
`;
}

function startListening(command: readonly string[], PATH: string): Listening {
  const child = spawn("/usr/bin/nsenter", command, { env: { PATH }, stdio: ["pipe", "pipe", "inherit"] });
  const lines = createInterface({ input: child.stdout });
  const ended = once(child, "exit");
  const pid = child.pid ?? 0;
  let previous: Promise<unknown> = Promise.resolve();
  /** One question at a time: two that wait together would both get the first answer, and lose what the other one tells. */
  const report = (): Promise<Report> => {
    const answer = previous.then(async () => {
      const line = once(lines, "line");
      child.stdin.write("report\n");
      return JSON.parse(String((await line)[0]));
    });
    previous = answer.catch(() => undefined);
    return answer;
  };
  return {
    pid,
    ended,
    report,
    listening: () => expect.poll(async () => (await report()).isListening).toBe(true),
    abort: () => child.stdin.write("abort\n"),
    announce: (mac, addresses) => child.stdin.write(`${JSON.stringify({ mac, addresses })}\n`),
    setPlan: (plan) => child.stdin.write(`${JSON.stringify(plan)}\n`),
    perl: async () => {
      const children = await readFile(`/proc/${pid}/task/${pid}/children`, "utf8");
      const [child = ""] = children.split(" ");
      const name = await readFile(`/proc/${child}/comm`, "utf8").catch(() => "");
      return name === "perl\n" ? Number(child) : undefined;
    },
  };
}

/** Polls until a process is gone or nothing but a zombie. */
export async function gone(pid: number): Promise<void> {
  const isGone = async () => {
    return /\) Z /.test(await readFile(`/proc/${pid}/stat`, "utf8").catch(() => ") Z "));
  };
  await expect.poll(isGone).toBe(true);
}
