/**
 * Ends what an earlier agent left behind, and nothing else.
 *
 * keepalived takes a pid file for a running daemon as soon as any live process or zombie has that pid, and then
 * ends with exit code 0. Pids repeat in containers, so a pid file alone is no reason to signal anybody.
 */
import { readFile, rm } from "node:fs/promises";
import path from "node:path";
import { kill } from "node:process";
import { setTimeout as sleep } from "node:timers/promises";
import type { Logger } from "pino";
import { parseProcessStat } from "../../system/process-stat.ts";

const POLL_MS = 25;

/** Time in which the kernel ends a killed process, ms. */
const KILL_MS = 500;

/**
 * Removes the pid files, after every keepalived that was started with one of them has ended.
 *
 * A process counts where it is alive, no zombie, and its command line is keepalived's with exactly this pid file. It gets
 * SIGTERM (most often for the second time, after that of its parent-death signal), and SIGKILL after `graceMs`, or when
 * the signal aborts.
 *
 * @param pidFiles paths as on keepalived's command line; keepalived's parent process first, so that it restarts no child.
 */
export async function endOrphans(
  pidFiles: readonly string[],
  options: { log: Logger; graceMs: number; signal?: AbortSignal },
): Promise<void> {
  const leftovers = await findAll(pidFiles);
  for (const leftover of leftovers) {
    options.log.warn(leftover, "ending the keepalived of an earlier agent");
    await signal(leftover, "SIGTERM");
  }
  if (!(await areGone(leftovers, options.graceMs, options.signal))) {
    for (const leftover of leftovers) await signal(leftover, "SIGKILL");
    await areGone(leftovers, KILL_MS);
  }
  for (const pidFile of pidFiles) await rm(pidFile, { force: true });
}

interface Leftover {
  readonly pid: number;
  readonly pidFile: string;
  readonly startTicks: string;
}

async function findAll(pidFiles: readonly string[]): Promise<readonly Leftover[]> {
  const found = await Promise.all(
    pidFiles.map(async (pidFile) => {
      const text = (await readOrEmpty(pidFile)).trim();
      return /^[1-9]\d{0,9}$/.test(text) ? find(Number(text), pidFile) : undefined;
    }),
  );
  return found.filter((leftover) => leftover !== undefined);
}

/** The keepalived with this pid and pid file; undefined for others, for zombies, and where there is none. */
async function find(pid: number, pidFile: string): Promise<Leftover | undefined> {
  const [stat, commandLine] = await Promise.all([
    readOrEmpty(`/proc/${pid}/stat`),
    readOrEmpty(`/proc/${pid}/cmdline`),
  ]);
  const [program = "", ...args] = commandLine.split("\0");
  const isOurs = args.some((arg, i) => (arg === "-p" || arg === "-r") && args[i + 1] === pidFile);
  const found = parseProcessStat(stat);
  if (path.basename(program) !== "keepalived" || !isOurs || found === undefined || found.state === "Z") {
    return undefined;
  }
  return { pid, pidFile, startTicks: found.startTicks };
}

async function isAlive(leftover: Leftover): Promise<boolean> {
  return (await find(leftover.pid, leftover.pidFile))?.startTicks === leftover.startTicks;
}

async function areGone(
  leftovers: readonly Leftover[],
  withinMs: number,
  signal?: AbortSignal,
): Promise<boolean> {
  const deadline = performance.now() + withinMs;
  for (;;) {
    const alive = await Promise.all(leftovers.map(isAlive));
    if (!alive.includes(true)) return true;
    if (performance.now() > deadline || signal?.aborted === true) return false;
    await sleep(POLL_MS);
  }
}

async function signal(leftover: Leftover, name: "SIGTERM" | "SIGKILL"): Promise<void> {
  if (!(await isAlive(leftover))) return;
  try {
    kill(leftover.pid, name);
  } catch {
    // It ended between the look and the signal: that is what was wanted.
  }
}

async function readOrEmpty(file: string): Promise<string> {
  return readFile(file, "utf8").catch(() => "");
}
