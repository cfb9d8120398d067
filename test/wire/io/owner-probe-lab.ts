/**
 * Three machines on a switch: an owner and a backup with real keepalived, and a neighbour that runs none. The listener process
 * of the backup is told by hand whom it asks.
 */
import { spawn } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { createInterface } from "node:readline";
import { execa } from "execa";
import { type TestContext, vi } from "vitest";
import { needsReleaseTable } from "../../../src/owner-probe/advert-path.ts";
import { type ProbedGroup, probeLines } from "../../../src/owner-probe/probe-lines.ts";
import { releaseTableCommand, releaseTableName } from "../../../src/owner-probe/release-table.ts";
import { nftText } from "../../../src/sending/notrack-text.ts";
import type { Instance, Unicast } from "../../../src/vrrp/instance.ts";
import { bytesOfAddress, hexOf } from "../../../src/vrrp/packet.ts";
import { planLines } from "../../../src/wire/capture-plan.ts";
import { LISTENER_SCRIPT } from "../../../src/wire/io/listener-script.ts";
import { sendSignal } from "../../fixtures/send-signal.ts";

const MACHINES = ["backup", "owner", "neighbour"] as const;
export type Machine = (typeof MACHINES)[number];
const NUMBERS: Readonly<Record<Machine, number>> = { backup: 11, owner: 12, neighbour: 13 };

const PRIORITIES: Readonly<Record<Machine, number>> = { backup: 240, owner: 250, neighbour: 254 };

export interface ProbeLabOptions {
  readonly isIpv6?: boolean;
  /** keepalived sends over IPv6 from its link-local address, and metadata knows none of the addresses. */
  readonly isMulticast?: boolean;
  /** Whether the backup has the table that multicast over IPv4 needs. */
  readonly hasReleaseTable?: boolean;
  readonly change?: Partial<Instance>;
  /** Seconds that an owner is asked. */
  readonly window?: number;
  /** How many hosts ask before this one. */
  readonly place?: number;
  /** Whether the neighbour may show that the backup is not cut off. */
  readonly hasWitness?: boolean;
  /** Whether the owner's kernel answers nobody for the VIP, from the beginning. */
  readonly isVipSilent?: boolean;
}

export interface ProbeLab {
  /** keepalived of a machine, with what it logs. */
  readonly keepalived: Readonly<Record<"owner" | "backup", LoggedProcess>>;
  readonly listener: LoggedProcess;
  /** Prints the adverts that come to the neighbour. */
  readonly sniffer: LoggedProcess;
  readonly vip: string;
  /** The lines that tell the listener whom it asks. */
  readonly plan: string;
  /** The same with one more gateway, so that the kernel's filter changes. */
  readonly largerPlan: string;
  run(machine: Machine, ...command: readonly string[]): Promise<string>;
  /** Pulls the machine's cable at the switch, and plugs it in again. */
  unplug(machine: Machine): Promise<void>;
  plugIn(machine: Machine): Promise<void>;
  has(machine: Machine): Promise<boolean>;
  /** Keeps the backup from the VIP, as a hold does. */
  hold(): Promise<void>;
  /** Runs keepalived on the neighbour, which takes the VIP from everybody. */
  runStranger(): Promise<void>;
}

export interface LoggedProcess {
  readonly lines: readonly string[];
  readonly pid: number;
  says(text: string): boolean;
  write(text: string): void;
}

let labs = 0;

/** The owner owns the VIP, and the listener of the backup is ready to ask it, unless `isReady` is false. */
export async function openProbeLab(context: TestContext, options: ProbeLabOptions = {}): Promise<ProbeLab> {
  const {
    isIpv6 = false,
    isMulticast = false,
    hasReleaseTable = true,
    change = {},
    window = 0.05,
    place = 0,
    hasWitness = true,
    isVipSilent = false,
  } = options;
  labs += 1;
  const number = labs;
  const nameOf = (machine: string) => `rkp-${process.pid}-${number}-${machine}`;
  const all = [...MACHINES, "switch"];
  const dir = await mkdtemp(path.join(tmpdir(), "probe-lab-"));
  const started: number[] = [];
  context.onTestFinished(async () => {
    for (const pid of started) for (const signal of ["SIGCONT", "SIGKILL"] as const) sendSignal(-pid, signal);
    for (const machine of all) await execa("ip", ["netns", "del", nameOf(machine)], { reject: false });
    await rm(dir, { recursive: true, maxRetries: 20 });
  });
  const addressOf = (machine: Machine) =>
    isIpv6 ? `2001:db8::${NUMBERS[machine]}` : `198.51.100.${NUMBERS[machine]}`;
  const vip = isIpv6 ? "2001:db8::50" : "198.51.100.50";
  const batch = (machine: string, commands: readonly string[]) =>
    execa("ip", ["-n", nameOf(machine), "-batch", "-"], { input: commands.join("\n") });
  const run = async (machine: Machine, ...command: readonly string[]) =>
    (await execa("nsenter", [`--net=/run/netns/${nameOf(machine)}`, "--", ...command])).stdout;

  await execa("ip", ["-batch", "-"], { input: all.map((one) => `netns add ${nameOf(one)}`).join("\n") });
  await batch("switch", ["link add br0 type bridge mcast_snooping 0", "link set br0 up"]);
  for (const machine of MACHINES) {
    await batch("switch", [
      `link add ${machine} type veth peer name eth0 netns ${nameOf(machine)}`,
      `link set ${machine} master br0 up`,
    ]);
    await batch(machine, [
      "link set lo up",
      "link set eth0 addrgenmode none",
      `link set eth0 address 02:00:00:00:00:${NUMBERS[machine]} up`,
      `address add ${addressOf(machine)}/${isIpv6 ? "64 nodad" : "24"} dev eth0`,
      `address add fe80::${NUMBERS[machine]}/64 dev eth0 nodad`,
    ]);
  }
  const start = (machine: Machine, command: readonly string[]): LoggedProcess => {
    const args = [`--net=/run/netns/${nameOf(machine)}`, "--", ...command];
    const child = spawn("nsenter", args, { stdio: "pipe", detached: true });
    const lines: string[] = [];
    for (const input of [child.stdout, child.stderr])
      createInterface({ input }).on("line", (line) => lines.push(line));
    child.stdin.on("error", () => undefined);
    if (child.pid !== undefined) started.push(child.pid);
    return {
      lines,
      pid: child.pid ?? 0,
      says: (text) => lines.some((line) => line.includes(text)),
      write: (text) => void child.stdin.write(text),
    };
  };
  const instanceOf = (machine: Machine): Instance => ({
    name: "main",
    interface: "eth0",
    virtualRouterId: 50,
    priority: PRIORITIES[machine],
    advertIntervalSeconds: 1,
    vrrpVersion: 3,
    preempt: machine === "neighbour",
    preemptDelaySeconds: 0,
    unicast: isMulticast
      ? undefined
      : {
          source: addressOf(machine),
          peers: [addressOf(machine === "owner" ? "backup" : "owner")],
          isAlone: false,
        },
    firstVip: { address: vip, prefix: isIpv6 ? 128 : 32 },
    excludedVips: [],
    authPass: undefined,
    ...change,
  });
  const health = path.join(dir, "health");
  await writeFile(health, "1\n");
  const runKeepalived = async (machine: Machine) => {
    const conf = path.join(dir, `${machine}.conf`);
    await writeFile(conf, confOf(instanceOf(machine), machine === "backup" ? health : undefined));
    const files = [
      "-f",
      conf,
      "-p",
      path.join(dir, `${machine}.pid`),
      "-r",
      path.join(dir, `${machine}-v.pid`),
    ];
    return start(machine, ["keepalived", "-n", "-l", "-D", "-G", "-P", ...files]);
  };
  const has = async (machine: Machine) =>
    (await run(machine, "ip", "-o", "address", "show", "dev", "eth0")).includes(`${vip}/`);

  if (isVipSilent) await run("owner", "nft", silence(vip));
  const owner = await runKeepalived("owner");
  const listener = start("backup", ["perl", "-w", "-e", LISTENER_SCRIPT]);
  const mac = "02:00:00:00:00:11";
  const target = {
    interface: "eth0",
    mac,
    linkLocal: "fe80::11",
    guardedAddresses: [],
    askedAddresses: [],
    rivals: [],
  };
  const source = isIpv6 && isMulticast ? `fe80::${NUMBERS.owner}` : addressOf("owner");
  const members = isMulticast ? [] : [source];
  const capture = { targets: [target], members, knownFrames: [], pace: "quiet" } as const;
  const sniffer = start("neighbour", ["perl", "-w", "-e", LISTENER_SCRIPT]);
  const sniffed = { ...target, mac: undefined, linkLocal: undefined };
  sniffer.write(`${planLines({ ...capture, targets: [sniffed], members: [] }, 1).join("\n")}\n`);
  const gateways = hasWitness ? [addressOf("neighbour")] : [];
  const links = new Map([["eth0", { mac, linkLocal: "fe80::11", gateways }]]);
  const largerGateways = [...gateways, isIpv6 ? "2001:db8::99" : "198.51.100.99"];
  const largerLinks = new Map([["eth0", { mac, linkLocal: "fe80::11", gateways: largerGateways }]]);
  const group: ProbedGroup = {
    instance: instanceOf("backup"),
    places: new Map([[source, place]]),
  };
  if (isMulticast) await run("backup", "nft", nftText([50])); // as the agent does: it drops adverts with a low TTL
  if (needsReleaseTable(group.instance) && hasReleaseTable) {
    start("backup", ["nft", "-i"]).write(`${releaseTableCommand(releaseTableName("lab"))}\n`);
    await until(async () => (await run("backup", "nft", "list", "tables")).includes(releaseTableName("lab")));
  }
  const probe = probeLines([group], links, window);
  listener.write(`${[...planLines(capture, 1), ...probe].join("\n")}\n`);
  await until(() => has("owner"));
  const backup = await runKeepalived("backup");
  await until(() => backup.says("Entering BACKUP STATE"));
  return {
    keepalived: { owner, backup },
    listener,
    sniffer,
    vip,
    plan: `${probe.join("\n")}\n`,
    largerPlan: `${probeLines([group], largerLinks, window).join("\n")}\n`,
    run,
    unplug: async (machine) => void (await batch("switch", [`link set ${machine} nomaster`])),
    plugIn: async (machine) => void (await batch("switch", [`link set ${machine} master br0`])),
    has,
    hold: () => writeFile(health, "0\n"),
    runStranger: async () => void (await runKeepalived("neighbour")),
  };
}

/** nft's words that silence a kernel for one address, as the gate does once its container is gone. */
export function silence(vip: string): string {
  const [family, what] = vip.includes(":")
    ? ["ip6", `icmpv6 type nd-neighbor-solicit @th,64,128 0x${hexOf(bytesOfAddress(vip))}`]
    : ["arp", `arp operation request arp daddr ip ${vip}`];
  const chain = "chain input { type filter hook input priority 0; }";
  return `table ${family} silence { ${chain}; }; add rule ${family} silence input ${what} drop`;
}

/** As the template of the product writes it. */
function confOf(instance: Instance, health: string | undefined): string {
  const { unicast, firstVip, authPass } = instance;
  const track = health === undefined ? "" : `track_file health {\n file ${health}\n weight 0 reverse\n}\n`;
  return `
global_defs {
  vrrp_check_unicast_src
}
${track}
vrrp_instance main {
  version ${instance.vrrpVersion}
  state BACKUP
  ${instance.preempt ? "" : "nopreempt"}
  interface eth0
  virtual_router_id ${instance.virtualRouterId}
  priority ${instance.priority}
  advert_int ${instance.advertIntervalSeconds}
  ${authPass === undefined ? "" : `authentication {\n auth_type PASS\n auth_pass "${authPass}"\n}`}
  ${health === undefined ? "" : "track_file {\n health\n}"}
  ${unicast === undefined ? "" : unicastText(unicast)}
  higher_prio_send_advert true
  lower_prio_no_advert true
  virtual_ipaddress {
    ${firstVip.address}/${firstVip.prefix} dev eth0
  }
}
`;
}

function unicastText({ source, peers }: Unicast): string {
  return `unicast_src_ip ${source}
  ${source.includes(":") ? "unicast_ttl 255" : ""}
  unicast_peer {
    ${peers.map((peer) => `${peer} min_ttl 255 max_ttl 255`).join("\n")}
  }`;
}

/** Generous: the machine is shared. */
export async function until(isSo: () => Promise<boolean> | boolean): Promise<void> {
  await vi.waitUntil(isSo, { timeout: 60_000, interval: 50 });
}
