/**
 * keepalived.conf on disk: read whole, replaced in one step, so that nobody ever sees half a file.
 */
import { constants } from "node:fs";
import { chmod, mkdir, open, readFile, rename, rm, writeFile } from "node:fs/promises";
import path from "node:path";
import { AgentError } from "../../errors.ts";

/** Readable by root only: the text can hold a VRRP password. */
const MODE = 0o600;

/** The text in force, or undefined where there is no file. */
export async function readConf(file: string): Promise<string | undefined> {
  try {
    return await readFile(file, "utf8");
  } catch (error) {
    if (codeOf(error) === "ENOENT") return undefined;
    throw new AgentError("CONF_UNWRITABLE", `${file} cannot be read`, { cause: error });
  }
}

/**
 * Puts `text` beside the file, where `keepalived -t` can look at it, and gives the candidate's path.
 *
 * @throws {AgentError} CONF_UNWRITABLE, also for a full disk; the file in force is untouched.
 */
export async function writeCandidate(file: string, text: string): Promise<string> {
  const candidate = path.join(path.dirname(file), `.${path.basename(file)}.candidate`);
  try {
    await mkdir(path.dirname(file), { recursive: true });
    await rm(candidate, { force: true });
    const flags = constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL | constants.O_NOFOLLOW;
    const handle = await open(candidate, flags, MODE);
    try {
      await handle.writeFile(text);
      await handle.sync();
    } finally {
      await handle.close();
    }
    return candidate;
  } catch (error) {
    throw new AgentError("CONF_UNWRITABLE", `${candidate} cannot be written`, { cause: error });
  }
}

/**
 * Makes the candidate the file in force.
 *
 * A file that Docker bind-mounts cannot be renamed over (EBUSY): its content is replaced in place then.
 *
 * @throws {AgentError} CONF_UNWRITABLE
 */
export async function promoteCandidate(candidate: string, file: string): Promise<void> {
  try {
    await rename(candidate, file);
    await syncDirectory(path.dirname(file));
  } catch (error) {
    if (codeOf(error) !== "EBUSY") {
      throw new AgentError("CONF_UNWRITABLE", `${file} cannot be replaced`, { cause: error });
    }
    await replaceInPlace(candidate, file);
  }
}

/** A full disk must not leave half a text, so the earlier one, which fitted, is written back then. */
async function replaceInPlace(candidate: string, file: string): Promise<void> {
  const earlier = await readFile(file);
  try {
    // the file may be anybody's to read, and a mode is given to new files only
    await chmod(file, MODE);
    await writeFile(file, await readFile(candidate), { flush: true });
    await rm(candidate, { force: true });
  } catch (error) {
    await writeFile(file, earlier, { flush: true }).catch(() => undefined);
    throw new AgentError("CONF_UNWRITABLE", `${file} cannot be replaced in place`, { cause: error });
  }
}

/** Removes a candidate that will not be promoted. */
export async function discardCandidate(candidate: string): Promise<void> {
  await rm(candidate, { force: true });
}

/** Puts a text that was refused where an operator can look at it. */
export async function keepRejected(text: string, destination: string): Promise<void> {
  await writeFile(destination, text, { mode: MODE });
}

async function syncDirectory(directory: string): Promise<void> {
  const handle = await open(directory, constants.O_RDONLY | constants.O_DIRECTORY);
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

function codeOf(error: unknown): unknown {
  return error instanceof Error && "code" in error ? error.code : undefined;
}
