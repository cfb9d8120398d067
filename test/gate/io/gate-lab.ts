/** A network namespace for one gate, and the programs that it finds on its PATH. */
import { spawn } from "node:child_process";
import { chmod, mkdtemp, readFile, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { execa } from "execa";
import { expect } from "vitest";
import type { GateStatus } from "../../../src/gate/status.ts";
import { sendSignal } from "../../fixtures/send-signal.ts";

const PROGRAM = fileURLToPath(new URL("./gate-program.ts", import.meta.url));
const PROGRAMS = ["setpriv", "sh", "nft", "perl", "sleep"];

interface Line {
  readonly status?: GateStatus;
  readonly hold?: string | null;
  readonly rules?: true;
  readonly done?: string;
}

export interface RunningGate {
  readonly pid: number;
  readonly lines: readonly Line[];
  /** Writes a line, and resolves when it was done. */
  tell(line: string): Promise<void>;
  /** Resolves when the latest status has this phase. */
  untilPhase(phase: GateStatus["phase"]): Promise<void>;
  /** What the gate last said of holding groups back. */
  readonly hold: string | null | undefined;
  readonly ended: Promise<unknown>;
}

export interface GateLab {
  /** Standard output of a command in the namespace. */
  run(...command: readonly string[]): Promise<string>;
  /** The tables of the gate that the kernel has, such as `arp gate`. */
  tables(): Promise<string[]>;
  start(): RunningGate;
  /** Pids of the nft that keeps the tag. */
  keepers(): Promise<number[]>;
  /** Makes a program a shell script, or removes it where there is no script. */
  standIn(program: string, script?: string): Promise<void>;
  /** How often a stand-in was started that adds a line to `$0.starts` each time. */
  startsOf(program: string): Promise<number>;
  /** Undoes it. */
  restoreProgram(program: string): Promise<void>;
}

let labs = 0;

export async function openGateLab(onTestFinished: (remove: () => Promise<void>) => void): Promise<GateLab> {
  labs += 1;
  const namespace = `rkg-${process.pid}-${labs}`;
  const bin = await mkdtemp(path.join(tmpdir(), "gate-lab-"));
  const inside = [`--net=/run/netns/${namespace}`, "--"];
  const run = async (...command: readonly string[]) =>
    (await execa("nsenter", [...inside, ...command])).stdout;
  const restoreProgram = async (program: string) => {
    await rm(path.join(bin, program), { force: true });
    await symlink((await execa("which", [program])).stdout, path.join(bin, program));
  };
  const pids = async () => {
    const { stdout } = await execa("ip", ["netns", "pids", namespace], { reject: false });
    return stdout.split("\n").filter(Boolean).map(Number);
  };
  onTestFinished(async () => {
    for (const pid of await pids()) sendSignal(pid, "SIGKILL");
    await execa("ip", ["netns", "del", namespace], { reject: false });
    await rm(bin, { recursive: true, maxRetries: 20 });
  });
  await execa("ip", ["netns", "add", namespace]);
  for (const program of PROGRAMS) await restoreProgram(program);
  return {
    run,
    restoreProgram,
    tables: async () => {
      const found = (await run("nft", "list", "tables")).matchAll(
        /table (\S+) rancher_keepalived_(owner|gate)/g,
      );
      return [...found].map(([, family, table]) => `${family} ${table}`).toSorted();
    },
    keepers: async () => {
      const all = await Promise.all((await pids()).map(async (pid) => [pid, await commandOf(pid)] as const));
      return all.filter(([, command]) => command === "nft\0-i\0").map(([pid]) => pid);
    },
    standIn: async (program, script) => {
      await rm(path.join(bin, program), { force: true });
      if (script === undefined) return;
      await writeFile(path.join(bin, program), `#!/bin/sh\n${script}\n`);
      await chmod(path.join(bin, program), 0o755);
    },
    startsOf: async (program) => (await readFile(path.join(bin, `${program}.starts`), "utf8")).length,
    start: () => {
      const child = spawn("nsenter", [...inside, "env", `PATH=${bin}`, process.execPath, PROGRAM], {
        stdio: ["pipe", "pipe", "inherit"],
      });
      const lines: Line[] = [];
      createInterface({ input: child.stdout }).on("line", (text) => lines.push(JSON.parse(text)));
      const poll = { interval: 20 };
      return {
        pid: child.pid ?? 0,
        lines,
        ended: new Promise((resolve) => child.once("exit", resolve)),
        get hold() {
          return lines.findLast(({ hold }) => hold !== undefined)?.hold;
        },
        tell: async (line) => {
          const from = lines.length;
          child.stdin.write(`${line}\n`);
          await expect.poll(() => lines.slice(from).some(({ done }) => done !== undefined), poll).toBe(true);
        },
        untilPhase: async (phase) => {
          const latest = () => lines.findLast(({ status }) => status !== undefined)?.status?.phase;
          await expect.poll(latest, poll).toBe(phase);
        },
      };
    },
  };
}

async function commandOf(pid: number): Promise<string> {
  return readFile(`/proc/${pid}/cmdline`, "utf8").catch(() => "");
}
