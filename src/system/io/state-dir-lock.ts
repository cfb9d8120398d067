/**
 * Keeps STATE_DIR for one agent. Two agents in one directory, say on a volume that two hosts mount, would write each other's
 * health, orders and configuration: an unhealthy host would count as healthy.
 *
 * The lock belongs to the open file, so it ends with this process, however that ends. A lock on the directory itself is
 * not enough: with NFS and other network file systems it holds only on the host that asked. So the file is locked, and
 * if it was deleted, a new file.
 */
import { spawn } from "node:child_process";
import { closeSync, constants, fstatSync, openSync } from "node:fs";
import { stat } from "node:fs/promises";
import path from "node:path";
import { env } from "node:process";
import { setTimeout as sleep } from "node:timers/promises";
import type { Logger } from "pino";
import { AgentError } from "../../errors.ts";
import { createBackoff } from "../backoff.ts";
import { bareEnvironment } from "../child-command.ts";
import { errorCode } from "../error-code.ts";
import { sharedStat } from "./shared-stat.ts";
import { nextTick } from "./ticks.ts";

const TIMEOUT_MS = 5_000;
/** `flock` ends with this where another process has the lock. */
const TAKEN = 1;
/** A file that is open for reading alone lets the disk be made read-only. NFS locks only what is open for writing. */
const MODES = [constants.O_RDONLY, constants.O_RDWR];
/** A link is not followed: it could lead to a file that another agent, or another program, has locked. */
const CREATE = constants.O_WRONLY | constants.O_APPEND | constants.O_CREAT | constants.O_NOFOLLOW;
/**
 * Without its file the lock does not keep other agents out, and an open file that was deleted keeps a disk writable.
 */
const CHECK_INTERVAL_MS = 1_000;
/** What is in a directory was last changed before this time if its own time says so, on any clock of a file system. */
const SETTLED_MS = 3_000;
/** Pauses between attempts where it could not be locked: the machine was busy, or the file system has no locks. */
const RETRY = { firstMs: 1_000, longestMs: 600_000 };

/** An open file that is locked, or why there is none: the exit status of `flock`, or an error. */
type Attempt = { readonly file: number } | { readonly reason: unknown };

/**
 * Locks the directory, and locks it again where the file of the lock was deleted or replaced. Where that is not
 * possible, it says so in the log, goes on, and tries again.
 *
 * @returns gives the lock up.
 * @throws {AgentError} STATE_DIR_TAKEN
 */
export async function lockStateDir(directory: string, log: Logger): Promise<() => void> {
  const name = path.join(directory, "lock");
  const attempt = await lockFile(name);
  const released = new AbortController();
  if ("file" in attempt) void keepLocked(name, attempt.file, log, released.signal);
  else {
    if (attempt.reason === TAKEN) throw takenError(directory);
    log.warn({ reason: attempt.reason }, "STATE_DIR cannot be locked");
    void lockLater(name, log, released.signal);
  }
  return () => released.abort();
}

/** Tries until it is locked, and keeps it then. */
async function lockLater(name: string, log: Logger, signal: AbortSignal): Promise<void> {
  const backoff = createBackoff(RETRY);
  let isTold = false;
  for (;;) {
    await sleep(backoff.nextMs(), undefined, { signal, ref: false }).catch(() => undefined);
    if (signal.aborted) return;
    const attempt = await lockFile(name);
    if ("file" in attempt) {
      if (signal.aborted) return closeSync(attempt.file);
      log.info("STATE_DIR is locked");
      return keepLocked(name, attempt.file, log, signal);
    }
    if (attempt.reason !== TAKEN || isTold) continue;
    isTold = true;
    logLost(log, path.dirname(name), TAKEN);
  }
}

/** Runs until the signal aborts, and gives the lock up then. */
async function keepLocked(name: string, locked: number, log: Logger, signal: AbortSignal): Promise<void> {
  let file = locked;
  let isTold = false;
  const isInPlace = createLook(name);
  // not in the loop, because the lock may be asked for again at once
  signal.addEventListener("abort", () => closeSync(file), { once: true });
  while (!signal.aborted) {
    await nextTick(CHECK_INTERVAL_MS, signal);
    if (signal.aborted || (await isInPlace(file))) continue;
    const attempt = await lockFile(name);
    if (!("file" in attempt)) {
      if (!isTold) logLost(log, path.dirname(name), attempt.reason);
      isTold = true;
      continue;
    }
    const former = signal.aborted ? attempt.file : file;
    if (!signal.aborted) [file, isTold] = [attempt.file, false];
    closeSync(former);
  }
}

/** The VIPs of this host stay: the other agent is the one that should not be here. */
function logLost(log: Logger, directory: string, reason: unknown): void {
  if (reason !== TAKEN) {
    log.warn({ reason }, "STATE_DIR cannot be locked");
    return;
  }
  const { code, message, hint } = takenError(directory);
  log.error({ code, reason: message, hint }, "STATE_DIR is used by two agents");
}

/**
 * Looks whether the name still leads to the open file: false if that was deleted or replaced. A disk that fails for a moment
 * proves nothing.
 *
 * While nothing in the directory changed since the file was seen there, it is there. The directory is looked at anyway, so
 * that costs no look of its own.
 */
function createLook(name: string): (file: number) => Promise<boolean> {
  const directory = path.dirname(name);
  let seen = "";
  return async (file) => {
    try {
      const opened = fstatSync(file, { bigint: true });
      const { dev, ino, mtimeNs, mtimeMs } = await sharedStat(directory);
      const now = [opened.dev, opened.ino, dev, ino, mtimeNs].join();
      if (now === seen) return true;
      const found = await stat(name, { bigint: true });
      const isSame = found.ino === opened.ino && found.dev === opened.dev;
      // two changes at one time of the file system's clock look like one
      const isSettled = Date.now() - Number(mtimeMs) > SETTLED_MS;
      seen = isSame && isSettled ? now : "";
      return isSame;
    } catch (error) {
      return errorCode(error) !== "ENOENT" && errorCode(error) !== "ESTALE";
    }
  };
}

async function lockFile(name: string): Promise<Attempt> {
  let reason: unknown;
  try {
    closeSync(openSync(name, CREATE, 0o600));
    for (const mode of MODES) {
      const file = openSync(name, mode | constants.O_NOFOLLOW);
      reason = await flock(file);
      if (reason === 0) return { file };
      closeSync(file);
      if (reason === TAKEN) break;
    }
  } catch (error) {
    reason = error; // say, a disk that is full
  }
  return { reason };
}

function takenError(directory: string): AgentError {
  return new AgentError("STATE_DIR_TAKEN", `another agent uses STATE_DIR ${directory}`);
}

/** @returns the exit status of `flock`, or why it could not be run. execa's types know no descriptor above 2. */
function flock(file: number): Promise<unknown> {
  const child = spawn("flock", ["--exclusive", "--nonblock", "3"], {
    env: bareEnvironment(env).env,
    stdio: ["ignore", "ignore", "ignore", file],
    timeout: TIMEOUT_MS,
  });
  return new Promise((resolve) => {
    child.once("error", resolve);
    child.once("exit", (code, signal) => resolve(code ?? signal));
  });
}
