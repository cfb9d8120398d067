/** Real nat rules in a network namespace of their own, and programs that read them there. */
import { type ChildProcessByStdio, spawn } from "node:child_process";
import { EventEmitter, once } from "node:events";
import { chmod, mkdtemp, readFile, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { createInterface } from "node:readline";
import type { Readable, Writable } from "node:stream";
import { fileURLToPath } from "node:url";
import { execa } from "execa";
import { expect } from "vitest";
import { TABLE_PROGRAMS } from "../../../src/iptables/save-program.ts";
import type { Backend, NatReads } from "../../../src/iptables/table-read.ts";
import type { Family } from "../../../src/network/address.ts";
import { sendSignal } from "../../fixtures/send-signal.ts";

const PROGRAM = fileURLToPath(new URL("./nat-program.ts", import.meta.url));

/** One line of the program's. */
export interface Answer {
  readonly reads: NatReads;
  /** Whether it is the same object as in the read before. */
  readonly isSame: Record<Backend, boolean>;
  readonly isListening: boolean;
  /** Whether changes of legacy are told. */
  readonly isLegacyTold: boolean;
  readonly durationMs: number;
}

export interface Reading {
  readonly pid: number;
  read(): Promise<Answer>;
  /** The same after `invalidateLegacy`. */
  readInvalidated(): Promise<Answer>;
  /** Aborts the signal that everything was started with. */
  abort(): void;
  /** The next word of a change that was not waited for yet. */
  changed(): Promise<void>;
  /** No word of a change is left unread. */
  ignoreChanges(): void;
  readonly ended: Promise<unknown>;
  /** Pids of its children, by the name of the program. */
  children(): Promise<Map<string, number>>;
}

export interface ReadingOptions {
  readonly family?: Family;
  readonly backend?: "auto" | Backend;
  readonly timeoutMs?: number;
  readonly withEvents?: boolean;
  /** Command line that becomes the program. */
  readonly wrap?: readonly string[];
}

export interface NatLab {
  /** The name of its network namespace. */
  readonly namespace: string;
  /** `iptables-BACKEND-restore --noflush` of these lines of the nat table, or the one of ip6tables. */
  restore(backend: Backend, lines: readonly string[], family?: Family): Promise<void>;
  run(...command: readonly string[]): Promise<string>;
  start(options?: ReadingOptions): Promise<Reading>;
  /** Makes a program a shell script, for all that is started later. */
  standIn(program: string, script: string): Promise<void>;
  /** How often a stand-in was started that adds a line to `$0.starts` each time. */
  startsOf(program: string): Promise<number>;
  /** Undoes a stand-in. */
  restoreProgram(program: string): Promise<void>;
  /** Has programs started later not find this one. */
  hide(program: string): Promise<void>;
  remove(): Promise<void>;
}

/** What the agent needs on PATH, and what tests themselves start there. */
const PROGRAMS = [
  "setpriv",
  "sh",
  "sleep",
  "cat",
  "nft",
  "perl",
  ...["iptables", "ip6tables"].flatMap((name) => [
    `${name}-nft`,
    `${name}-nft-save`,
    `${name}-legacy-restore`,
  ]),
];

let labs = 0;

export async function openNatLab(): Promise<NatLab> {
  labs += 1;
  const namespace = `rkn-${process.pid}-${labs}`;
  const bin = await mkdtemp(path.join(tmpdir(), "nat-lab-"));
  const inside = ["nsenter", `--net=/run/netns/${namespace}`, "--"];
  const run = async (...command: readonly string[]) =>
    (await execa("nsenter", [...inside.slice(1), ...command])).stdout;
  const restoreProgram = async (program: string) => {
    await rm(path.join(bin, program), { force: true });
    await symlink((await execa("which", [program])).stdout, path.join(bin, program));
  };
  const remove = async () => {
    const { stdout: pids } = await execa("ip", ["netns", "pids", namespace], { reject: false });
    for (const pid of pids.split("\n").filter(Boolean)) sendSignal(Number(pid), "SIGKILL");
    await execa("ip", ["netns", "del", namespace], { reject: false });
    await rm(bin, { recursive: true, force: true, maxRetries: 20 });
  };
  try {
    await chmod(bin, 0o755); // also for programs that are not root
    for (const program of PROGRAMS) await restoreProgram(program);
    await execa("ip", ["netns", "add", namespace]);
  } catch (error) {
    await remove();
    throw error;
  }
  return {
    namespace,
    run,
    restoreProgram,
    remove,
    restore: async (backend, lines, family = "ipv4") => {
      const input = ["*nat", ...lines, "COMMIT", ""].join("\n");
      await execa(
        "nsenter",
        [...inside.slice(1), `${TABLE_PROGRAMS[family]}-${backend}-restore`, "--noflush"],
        { input },
      );
    },
    standIn: async (program, script) => {
      await rm(path.join(bin, program), { force: true });
      await writeFile(path.join(bin, program), `#!/bin/sh\n${script}\n`, { mode: 0o755 });
    },
    startsOf: async (program) => {
      const lines = await readFile(path.join(bin, `${program}.starts`), "utf8").catch(() => "");
      return lines.length;
    },
    hide: (program) => rm(path.join(bin, program)),
    start: async ({
      family = "ipv4",
      backend = "auto",
      timeoutMs = 5_000,
      withEvents = false,
      wrap = [],
    } = {}) => {
      const args = [family, backend, String(timeoutMs), ...(withEvents ? ["events"] : [])];
      const [file = "", ...rest] = [
        ...inside,
        ...wrap,
        "env",
        `PATH=${bin}`,
        process.execPath,
        PROGRAM,
        ...args,
      ];
      return readingOf(spawn(file, rest, { stdio: ["pipe", "pipe", "inherit"] }));
    },
  };
}

async function readingOf(child: ChildProcessByStdio<Writable, Readable, null>): Promise<Reading> {
  const heard = new EventEmitter<{ answer: [Answer]; ready: []; changed: []; ended: [] }>();
  let changes = 0;
  createInterface({ input: child.stdout }).on("line", (text) => {
    const line: object = JSON.parse(text);
    if ("changed" in line) changes += 1;
    if ("reads" in line) heard.emit("answer", line as Answer);
    else heard.emit(Object.keys(line)[0] as "ready");
  });
  const ended = once(heard, "ended");
  await once(heard, "ready");
  const ask = async (word: string): Promise<Answer> => {
    const answer = once(heard, "answer");
    child.stdin.write(`${word}\n`);
    return (await answer)[0];
  };
  const pid = child.pid ?? 0;
  return {
    pid,
    ended,
    read: () => ask("read"),
    readInvalidated: () => ask("invalidate"),
    abort: () => child.stdin.write("abort\n"),
    changed: async () => {
      if (changes === 0) await once(heard, "changed");
      changes -= 1;
    },
    ignoreChanges: () => {
      changes = 0;
    },
    children: () => childrenOf(pid),
  };
}

async function childrenOf(parent: number): Promise<Map<string, number>> {
  const pids = (await readFile(`/proc/${parent}/task/${parent}/children`, "utf8")).split(" ").filter(Boolean);
  const named = pids.map(async (pid): Promise<[string, number]> => [await nameOf(pid), Number(pid)]);
  return new Map(await Promise.all(named));
}

/** The kernel cuts names at 15 characters. */
async function nameOf(pid: string): Promise<string> {
  return (await readFile(`/proc/${pid}/comm`, "utf8").catch(() => "")).trim();
}

/** Polls until a process is gone or nothing but a zombie. */
export async function gone(pid: number): Promise<void> {
  const isGone = async () => {
    return /\) Z /.test(await readFile(`/proc/${pid}/stat`, "utf8").catch(() => ") Z "));
  };
  await expect.poll(isGone).toBe(true);
}
