/**
 * The track file of a group: `1` where this host may own its VIPs, `0` where it may not.
 *
 * keepalived watches it with `weight 0 reverse`: whatever is not a number other than 0, a missing file too, is FAULT.
 * It sees every step of a write, so the file is replaced by rename, which has none in between. Nothing is synced to the
 * disk: after a loss of power the agent starts anew.
 */
import { mkdir, readFile, truncate } from "node:fs/promises";
import path from "node:path";
import { AgentError } from "../../errors.ts";
import { replaceFile } from "../../system/io/replace-file.ts";
import { createSerialQueue } from "../../system/serial-queue.ts";

export interface TrackFile {
  /**
   * Writes where this differs from what was written last. Calls at once are done in turn.
   *
   * @throws {AgentError} CONF_UNWRITABLE; what was written last stays, and the next call tries again.
   */
  set(isHealthy: boolean): Promise<void>;
  /** Somebody may have changed or deleted the file: the next call looks at it, and writes where it says something else. */
  forget(): void;
}

/**
 * Makes the file with `0`, and its directory: keepalived takes a group for healthy whose track file has no directory.
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
    forget() {
      written = undefined;
    },
  };
}

async function write(file: string, isHealthy: boolean): Promise<void> {
  try {
    await replaceFile(file, isHealthy ? "1\n" : "0\n", { mode: 0o644, isSynced: false });
  } catch (cause) {
    // a full disk must not keep the VIPs here: an empty file says the same, and takes no space
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

async function isEmptied(file: string): Promise<boolean> {
  return truncate(file).then(
    () => true,
    () => false,
  );
}
