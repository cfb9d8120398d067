/**
 * Ends the keepalived processes that an earlier agent left running, and no others.
 *
 * keepalived does not start where its pid file names any live process or zombie, and exits with code 0. Pids repeat in
 * containers, so a pid in a pid file does not prove that the process is a keepalived.
 */
import { readFile, rm } from "node:fs/promises";
import path from "node:path";
import { kill } from "node:process";
import { setTimeout as sleep } from "node:timers/promises";
import type { Logger } from "pino";
import { parseProcessStat } from "../../system/process-stat.ts";

const POLL_INTERVAL_MS = 25;

/** The kernel ends a killed process within this time. */
const KILL_MS = 500;

/**
 * Ends every keepalived that was started with one of the pid files, then removes the files.
 *
 * A process counts as one where it is alive, not a zombie, and has this very pid file on keepalived's command line.
 * It gets SIGTERM (usually its second, after the one at its agent's death), and SIGKILL after `graceMs` or when the
 * signal aborts.
 *
 * @param pidFiles paths as on the command line; that of the parent process first, so that it does not restart its
 *   child.
 */
export async function endOrphans(
  pidFiles: readonly string[],
  options: { log: Logger; graceMs: number; signal?: AbortSignal },
): Promise<void> {
  const orphans = await findAll(pidFiles);
  for (const orphan of orphans) {
    options.log.warn(orphan, "ending the keepalived of an earlier agent");
    await signal(orphan, "SIGTERM");
  }
  if (!(await areGone(orphans, options.graceMs, options.signal))) {
    for (const orphan of orphans) await signal(orphan, "SIGKILL");
    await areGone(orphans, KILL_MS);
  }
  for (const pidFile of pidFiles) await rm(pidFile, { force: true });
}

interface Orphan {
  readonly pid: number;
  readonly pidFile: string;
  readonly startTicks: string;
}

async function findAll(pidFiles: readonly string[]): Promise<readonly Orphan[]> {
  const found = await Promise.all(
    pidFiles.map(async (pidFile) => {
      const text = (await readOrEmpty(pidFile)).trim();
      return /^[1-9]\d{0,9}$/.test(text) ? find(Number(text), pidFile) : undefined;
    }),
  );
  return found.filter((orphan) => orphan !== undefined);
}

/** The keepalived with this pid and pid file; undefined for another process, a zombie, or none. */
async function find(pid: number, pidFile: string): Promise<Orphan | undefined> {
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

async function isAlive(orphan: Orphan): Promise<boolean> {
  return (await find(orphan.pid, orphan.pidFile))?.startTicks === orphan.startTicks;
}

async function areGone(orphans: readonly Orphan[], withinMs: number, signal?: AbortSignal): Promise<boolean> {
  const deadline = performance.now() + withinMs;
  for (;;) {
    const alive = await Promise.all(orphans.map(isAlive));
    if (!alive.includes(true)) return true;
    if (performance.now() > deadline || signal?.aborted === true) return false;
    await sleep(POLL_INTERVAL_MS);
  }
}

async function signal(orphan: Orphan, name: "SIGTERM" | "SIGKILL"): Promise<void> {
  if (!(await isAlive(orphan))) return;
  try {
    kill(orphan.pid, name);
  } catch {
    // it ended just before the signal
  }
}

async function readOrEmpty(file: string): Promise<string> {
  return readFile(file, "utf8").catch(() => "");
}
