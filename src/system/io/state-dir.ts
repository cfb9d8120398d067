/**
 * STATE_DIR: small JSON files that outlive the agent, each replaced atomically. The agent starts without them, so a missing
 * or damaged file reads as undefined.
 */
import { constants, fstatSync, openSync, type Stats } from "node:fs";
import { access, mkdir, readFile } from "node:fs/promises";
import path from "node:path";
import { getegid, geteuid } from "node:process";
import { AgentError } from "../../errors.ts";
import { errorCode } from "../error-code.ts";
import { replaceFile } from "./replace-file.ts";
import { sharedStat } from "./shared-stat.ts";
import { nextTick } from "./ticks.ts";

export type StateFile = "last-good.json" | "applied.json" | "addresses.json" | "changes.json";

export interface StateDir {
  readonly path: string;
  /** The parsed JSON, or undefined where the file is missing or is not JSON. */
  read(name: StateFile): Promise<unknown>;
  /** @throws {AgentError} CONF_UNWRITABLE, also for a full disk; the earlier content stays. */
  write(name: StateFile, value: unknown): Promise<void>;
  /** Whether the directory is still the one that was opened. */
  isPresent(): Promise<boolean>;
}

/**
 * Opens the directory, and creates it with mode 0700 where it is missing.
 *
 * @throws {AgentError} CONF_UNWRITABLE, also for a directory that another user may write to, because the agent uses an
 * earlier configuration in it again, and that can name commands.
 */
export async function openStateDir(directory: string): Promise<StateDir> {
  try {
    await mkdir(directory, { recursive: true, mode: 0o700 });
    await access(directory, constants.W_OK);
  } catch (error) {
    throw new AgentError("CONF_UNWRITABLE", `STATE_DIR ${directory} cannot be used`, { cause: error });
  }
  // held open as long as the process lives, so that no later directory can get its inode number
  const held = openSync(directory, constants.O_RDONLY | constants.O_DIRECTORY);
  const opened = fstatSync(held);
  const writer = otherWriter(opened);
  if (writer !== undefined) {
    throw new AgentError("CONF_UNWRITABLE", `STATE_DIR ${directory} is writable by ${writer}`, {
      hint: "Choose a directory that only the agent uses, or let only root write to this one (`chown root:root STATE_DIR && chmod go-w STATE_DIR`).",
    });
  }
  return {
    path: directory,
    read: (name) => readJson(path.join(directory, name)),
    write: (name, value) => replaceJson(path.join(directory, name), value),
    isPresent: () => isSame(directory, held),
  };
}

/** A mounted directory can be read even after its removal. It has no links then. */
async function isSame(directory: string, held: number): Promise<boolean> {
  const opened = fstatSync(held, { bigint: true });
  try {
    const found = await sharedStat(directory);
    return opened.nlink > 0n && found.ino === opened.ino && found.dev === opened.dev;
  } catch (error) {
    // a disk that fails for a moment is no reason to give VIPs away
    const code = errorCode(error);
    return code !== "ENOENT" && code !== "ENOTDIR";
  }
}

function otherWriter({ mode, uid, gid }: Stats): string | undefined {
  if ((mode & 0o002) !== 0) return "every user";
  if (uid !== geteuid?.()) return `its owner, user ${uid}`;
  return (mode & 0o020) !== 0 && gid !== getegid?.() ? `group ${gid}` : undefined;
}

/** Reads one state file without opening the directory, which would create it. */
export async function readJson(file: string): Promise<unknown> {
  try {
    return JSON.parse(await readFile(file, "utf8"));
  } catch {
    return undefined;
  }
}

async function replaceJson(file: string, value: unknown): Promise<void> {
  try {
    await replaceFile(file, `${JSON.stringify(value)}\n`, { mode: 0o600, isSynced: true });
  } catch (error) {
    throw new AgentError("CONF_UNWRITABLE", `${file} cannot be written`, { cause: error });
  }
}

const CHECK_INTERVAL_MS = 1_000;

/**
 * Runs until the signal aborts. keepalived uses the directory by its inode. So once it is removed, this host can own no VIP,
 * even if a new directory gets the same name.
 *
 * @throws {AgentError} STATE_DIR_LOST
 */
export async function runStateDirCheck(stateDir: StateDir, signal: AbortSignal): Promise<void> {
  while (!signal.aborted) {
    if (!(await stateDir.isPresent())) {
      throw new AgentError("STATE_DIR_LOST", `STATE_DIR ${stateDir.path} was removed or replaced`);
    }
    await nextTick(CHECK_INTERVAL_MS, signal);
  }
}
