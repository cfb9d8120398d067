/** A network namespace with one link, and the listener process in it, which is told by hand which VIPs it renews. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { execa } from "execa";
import { type TestContext, vi } from "vitest";
import { LISTENER_SCRIPT } from "../../../src/wire/io/listener-script.ts";

/** An address as `ip -json -details` shows it. */
export type ShownAddress = Readonly<Record<string, unknown>> & { readonly local: string };

export interface LeaseLab {
  ip(...args: readonly string[]): Promise<void>;
  /** Several such commands by one process. */
  ipEach(commands: readonly string[]): Promise<void>;
  /** Any other program. */
  run(program: string, ...args: readonly string[]): Promise<void>;
  /** All of an address, or undefined where the interface does not have it. */
  find(address: string, link?: string): Promise<ShownAddress | undefined>;
  /** Starts the listener process, whose agent beats every second. */
  start(script?: string): Renewer;
}

export interface Renewer {
  /** What it printed. */
  readonly lines: readonly string[];
  write(...lines: readonly string[]): void;
  /** The agent beats no more. */
  silence(): void;
  signal(signal: "SIGSTOP" | "SIGCONT"): void;
  kill(): Promise<void>;
}

let labs = 0;

/** @param context of the test, at whose end it is removed: the tests run beside each other. */
export async function openLeaseLab({ onTestFinished }: TestContext): Promise<LeaseLab> {
  labs += 1;
  const namespace = `rkl-${process.pid}-${labs}`;
  const ip = async (...args: readonly string[]) => {
    await execa("ip", ["-n", namespace, ...args]);
  };
  onTestFinished(async () => {
    await execa("ip", ["netns", "del", namespace], { reject: false });
  });
  await execa("ip", ["netns", "add", namespace]);
  await ip(..."link add eth0 type veth peer name far0".split(" "));
  for (const link of ["lo", "eth0", "far0"]) await ip("link", "set", link, "up");
  return {
    ip,
    ipEach: async (commands) => {
      await execa("ip", ["-n", namespace, "-batch", "-"], { input: commands.join("\n") });
    },
    run: async (program, ...args) => {
      await execa("nsenter", [`--net=/run/netns/${namespace}`, "--", program, ...args]);
    },
    find: async (address, link = "eth0") => {
      const { stdout } = await execa("ip", ["-n", namespace, "-json", "-d", "address", "show", "dev", link]);
      const [shown] = JSON.parse(stdout) as { addr_info: ShownAddress[] }[];
      return shown?.addr_info.find(({ local }) => local === address);
    },
    start: (script = LISTENER_SCRIPT) => {
      const renewer = start(namespace, script);
      onTestFinished(renewer.kill);
      return renewer;
    },
  };
}

function start(namespace: string, script: string): Renewer {
  const child = spawn("nsenter", [`--net=/run/netns/${namespace}`, "--", "perl", "-w", "-e", script], {
    stdio: ["pipe", "pipe", "inherit"],
  });
  const ended = once(child, "exit");
  const lines: string[] = [];
  createInterface({ input: child.stdout }).on("line", (line) => lines.push(line));
  child.stdin.on("error", () => undefined); // it has been killed
  const beat = setInterval(() => child.stdin.write("beat\n"), 1_000);
  const kill = async () => {
    clearInterval(beat);
    child.kill("SIGKILL");
    await ended;
  };
  return {
    lines,
    kill,
    write: (...text) => void child.stdin.write(`${text.join("\n")}\n`),
    silence: () => clearInterval(beat),
    signal: (signal) => void child.kill(signal),
  };
}

/** Generous: the machine is shared. */
export async function until(isSo: () => Promise<boolean> | boolean): Promise<void> {
  await vi.waitUntil(isSo, { timeout: 60_000, interval: 50 });
}
