/**
 * The track file of a group: `1` where this host may own its VIPs, `0` where it may not.
 *
 * keepalived watches it with `weight 0 reverse`: any content but a number other than 0 means FAULT, and so does a missing
 * file. It sees every step of a write, so the file is replaced by a rename; where there is no space for that, its one
 * character is changed in place. It is not synced to the disk, because the agent starts from `0` after a loss of power.
 */
import { constants } from "node:fs";
import { mkdir, open, readFile } from "node:fs/promises";
import path from "node:path";
import { AgentError } from "../../errors.ts";
import { errorCode } from "../../system/error-code.ts";
import { replaceFile } from "../../system/io/replace-file.ts";
import { createSerialQueue } from "../../system/serial-queue.ts";

/** Of `1` or `0` with its line break, bytes. */
const LENGTH = 2;

export interface TrackFile {
  /**
   * Writes the file if this differs from the last write. Calls are queued.
   *
   * @throws {AgentError} CONF_UNWRITABLE; the last write stays in force, and the next call tries again.
   */
  set(isHealthy: boolean): Promise<void>;
  /** Another program may have changed or deleted the file: the next `set` reads it first. */
  invalidate(): void;
}

/**
 * Creates the file with `0`, and its directory: without the directory keepalived takes the group for healthy.
 *
 * @throws {AgentError} CONF_UNWRITABLE
 */
export async function openTrackFile(file: string): Promise<TrackFile> {
  await mkdir(path.dirname(file), { recursive: true }).catch((cause: unknown) => {
    throw new AgentError("CONF_UNWRITABLE", `the directory of ${file} cannot be made`, { cause });
  });
  await write(file, false);
  let written: boolean | undefined = false;
  const enqueue = createSerialQueue();
  return {
    set: (isHealthy) =>
      enqueue(async () => {
        written ??= await readBack(file);
        if (isHealthy === written) return;
        await write(file, isHealthy);
        written = isHealthy;
      }),
    invalidate() {
      written = undefined;
    },
  };
}

async function write(file: string, isHealthy: boolean): Promise<void> {
  try {
    await replaceFile(file, isHealthy ? "1\n" : "0\n", { mode: 0o644, isSynced: false });
  } catch (cause) {
    // on a full disk the one character is changed in its place, which takes no space
    if (await isOverwritten(file, isHealthy ? "1" : "0")) return;
    // a full disk must not keep the VIPs here: an empty or missing file means the same, and takes no space
    if (!isHealthy && (await isEmptied(file))) return;
    throw new AgentError("CONF_UNWRITABLE", `${file} cannot be written`, { cause });
  }
}

/** What the file says; undefined where it is missing or says neither. */
async function readBack(file: string): Promise<boolean | undefined> {
  const text = await readFile(file, "utf8").catch(() => undefined);
  if (text === "1\n") return true;
  return text === "0\n" || text === "" ? false : undefined;
}

/** Whether the file says so now. A file that another program emptied, or replaced with a link, is left as it is. */
async function isOverwritten(file: string, digit: string): Promise<boolean> {
  const handle = await open(file, constants.O_WRONLY | constants.O_NOFOLLOW).catch(() => undefined);
  if (handle === undefined) return false;
  try {
    const { size } = await handle.stat();
    return size === LENGTH && (await handle.write(digit, 0)).bytesWritten === 1;
  } catch {
    return false;
  } finally {
    await handle.close();
  }
}

/** Whether the file is empty or missing now. A link that another program put there is left as it is. */
async function isEmptied(file: string): Promise<boolean> {
  try {
    const handle = await open(file, constants.O_WRONLY | constants.O_NOFOLLOW | constants.O_TRUNC);
    await handle.close();
    return true;
  } catch (error) {
    return errorCode(error) === "ENOENT";
  }
}
