/**
 * Keeps STATE_DIR for one agent. Two agents in one directory, say on a volume that two hosts mount, would write each other's
 * health, orders and configuration: an unhealthy host would count as healthy.
 *
 * The lock belongs to the open file, so it ends with this process, however that ends.
 */
import { spawn } from "node:child_process";
import { closeSync, openSync } from "node:fs";
import path from "node:path";
import type { Logger } from "pino";
import { AgentError } from "../../errors.ts";

const TIMEOUT_MS = 5_000;
/** `flock` ends with this where another process has the lock. */
const TAKEN = 1;
/** A file that is open for reading alone lets the disk be made read-only. NFS locks only what is open for writing. */
const MODES = ["r", "r+"] as const;

/**
 * Locks the directory. Where the file system has no locks, it says so in the log and goes on.
 *
 * @returns gives the lock up.
 * @throws {AgentError} STATE_DIR_TAKEN
 */
export async function lockStateDir(directory: string, log: Logger): Promise<() => void> {
  let reason: unknown;
  try {
    const name = path.join(directory, "lock");
    closeSync(openSync(name, "a", 0o600));
    for (const mode of MODES) {
      const file = openSync(name, mode);
      reason = await flock(file);
      if (reason === 0) return () => closeSync(file);
      closeSync(file);
      if (reason === TAKEN) break;
    }
  } catch (error) {
    reason = error; // say, a disk that is full
  }
  if (reason === TAKEN) throw new AgentError("STATE_DIR_TAKEN", `another agent uses STATE_DIR ${directory}`);
  log.warn({ reason }, "STATE_DIR cannot be locked");
  return () => undefined;
}

/** @returns the exit status of `flock`, or why it could not be run. execa's types know no descriptor above 2. */
function flock(file: number): Promise<unknown> {
  const child = spawn("flock", ["--exclusive", "--nonblock", "3"], {
    stdio: ["ignore", "ignore", "ignore", file],
    timeout: TIMEOUT_MS,
  });
  return new Promise((resolve) => {
    child.once("error", resolve);
    child.once("exit", (code, signal) => resolve(code ?? signal));
  });
}
