/** A network namespace with one link, one address and one default route, and programs that listen for its changes. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { readFile } from "node:fs/promises";
import { hrtime } from "node:process";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { execa } from "execa";
import { vi } from "vitest";
import { sendSignal } from "../../fixtures/send-signal.ts";

const PROGRAM = fileURLToPath(new URL("./monitor-program.ts", import.meta.url));
const QUIET_IPV6 = ["net.ipv6.conf.default.addr_gen_mode=1", "net.ipv6.conf.default.accept_dad=0"];
const SETUP = [
  "link add bond0 type veth peer name bond0p",
  "link set bond0 up",
  "link set bond0p up",
  "address add 198.51.100.11/24 dev bond0",
  "route add default via 198.51.100.1",
];

export interface Listening {
  readonly pid: number;
  /** When each word came, ms of `nowMs`. */
  readonly words: readonly number[];
  /** `news` where a reading of the network holds no more, `told` and `untold` where changes are told from now on, or not. */
  readonly signs: readonly string[];
  readonly ended: Promise<unknown>;
  abort(): void;
  /** Resolves after the first word, when the next one would come at once. */
  settled(): Promise<void>;
  /** Resolves after a word that is not older than `sinceMs`. */
  wordSince(sinceMs: number): Promise<void>;
  /** Pid of its listener process, undefined while there is none. */
  listener(): Promise<number | undefined>;
}

export interface NetworkLab {
  /** `ip -batch` of these lines. */
  ip(...lines: readonly string[]): Promise<void>;
  /** @param ours the addresses that keepalived would add and delete. */
  start(ours?: readonly string[]): Listening;
}

/** Ms of the clock that all processes share. */
export const nowMs = () => Number(hrtime.bigint()) / 1e6;

let labs = 0;

/** @param onTestFinished takes what removes it: tests have labs of their own, and run beside each other. */
export async function openNetworkLab(
  onTestFinished: (remove: () => Promise<void>) => void,
): Promise<NetworkLab> {
  labs += 1;
  const namespace = `rkne-${process.pid}-${labs}`;
  const inside = [`--net=/run/netns/${namespace}`, "--"];
  const ip = async (...lines: readonly string[]) => {
    await execa("ip", ["-n", namespace, "-batch", "-"], { input: lines.join("\n") });
  };
  const remove = async () => {
    const { stdout: pids } = await execa("ip", ["netns", "pids", namespace], { reject: false });
    for (const pid of pids.split("\n").filter(Boolean)) sendSignal(Number(pid), "SIGKILL");
    await execa("ip", ["netns", "del", namespace], { reject: false });
  };
  onTestFinished(remove);
  await execa("ip", ["netns", "add", namespace]);
  // addresses that the kernel gives by itself, and late, would be words that no test asked for
  await execa("nsenter", [...inside, "sysctl", "-q", ...QUIET_IPV6]);
  await ip(...SETUP);
  return {
    ip,
    start: (ours = []) => startListening([...inside, process.execPath, PROGRAM, ...ours]),
  };
}

function startListening(command: readonly string[]): Listening {
  const child = spawn("/usr/bin/nsenter", command, { stdio: ["pipe", "pipe", "inherit"] });
  const words: number[] = [];
  const signs: string[] = [];
  createInterface({ input: child.stdout }).on("line", (line) => {
    if (/^[a-z]/.test(line)) signs.push(line);
    else if (!line.startsWith("{")) words.push(Number(line) / 1e6);
  });
  const ended = once(child, "exit");
  const pid = child.pid ?? 0;
  return {
    pid,
    words,
    signs,
    ended,
    abort: () => child.stdin.write("abort\n"),
    // news of an address that was added may come a second late, once the kernel has found no duplicate
    settled: () => until(() => words.length > 0 && nowMs() - words.at(-1)! > 2_500),
    wordSince: (sinceMs) => until(() => words.length > 0 && words.at(-1)! > sinceMs),
    listener: async () => {
      const children = await readFile(`/proc/${pid}/task/${pid}/children`, "utf8");
      const [child = ""] = children.split(" ");
      const name = await readFile(`/proc/${child}/comm`, "utf8").catch(() => "");
      return name === "perl\n" ? Number(child) : undefined;
    },
  };
}

/** Polls until it is so. Unlike `expect.poll`, it knows nothing of the test, so that tests can run beside each other. */
export async function until(isSo: () => boolean | Promise<boolean>): Promise<void> {
  await vi.waitUntil(isSo, { timeout: 60_000 });
}

/** Polls until a process is gone or nothing but a zombie. */
export async function gone(pid: number): Promise<void> {
  await until(async () => / Z /.test(await readFile(`/proc/${pid}/stat`, "utf8").catch(() => " Z ")));
}
