/**
 * keepalived.conf on disk: read whole and replaced in one step, so that no reader sees half a file.
 */
import crypto from "node:crypto";
import { mkdir, readFile, rm, writeFile } from "node:fs/promises";
import path from "node:path";
import { AgentError } from "../../errors.ts";
import { errorCode } from "../../system/error-code.ts";
import { draftPath, promoteDraft, writeDraft } from "../../system/io/replace-file.ts";

/** A file system in memory, which every container has for itself. */
const MEMORY = "/dev/shm";
/** Readable by root only: the text can hold a VRRP password. */
const MODE = 0o600;

/** The text of the file; undefined if there is no file. */
export async function readConf(file: string): Promise<string | undefined> {
  try {
    return await readFile(file, "utf8");
  } catch (error) {
    if (errorCode(error) === "ENOENT") return undefined;
    throw new AgentError("CONF_UNWRITABLE", `${file} cannot be read`, { cause: error });
  }
}

/**
 * Writes `text` to a candidate, for `keepalived -t` to judge. Resolves with the candidate's path.
 *
 * It lies beside the file, or in memory where that disk is full: a text that is hardly longer than the one in force fits into
 * that one's space, and a peer that could not be added would become a second owner.
 *
 * @throws {AgentError} CONF_UNWRITABLE; the file in force is untouched.
 */
export async function writeCandidate(file: string, text: string): Promise<string> {
  const candidate = draftPath(file, "candidate");
  try {
    await mkdir(path.dirname(file), { recursive: true });
    await writeDraft(candidate, text, { mode: MODE, isSynced: true });
    return candidate;
  } catch (error) {
    await discardCandidate(candidate).catch(() => undefined);
    const inMemory = isFull(error) ? await writeToMemory(text) : undefined;
    if (inMemory !== undefined) return inMemory;
    throw new AgentError("CONF_UNWRITABLE", `${candidate} cannot be written`, { cause: error });
  }
}

/** Whether the disk has no space, or none for this user. */
function isFull(error: unknown): boolean {
  const code = errorCode(error);
  return code === "ENOSPC" || code === "EDQUOT";
}

/** Undefined where that cannot be. The name is new: the folder may be shared with other agents. */
async function writeToMemory(text: string): Promise<string | undefined> {
  const candidate = path.join(MEMORY, `rancher-keepalived-${crypto.randomUUID()}.conf`);
  try {
    await writeDraft(candidate, text, { mode: MODE, isSynced: false });
    return candidate;
  } catch {
    await discardCandidate(candidate).catch(() => undefined);
    return undefined;
  }
}

/**
 * Makes the candidate the file in force, in place where Docker bind-mounts the file.
 *
 * @throws {AgentError} CONF_UNWRITABLE
 */
export async function promoteCandidate(candidate: string, file: string): Promise<void> {
  try {
    await promoteDraft(candidate, file, MODE);
  } catch (error) {
    if (path.dirname(candidate) === MEMORY) await discardCandidate(candidate).catch(() => undefined);
    throw new AgentError("CONF_UNWRITABLE", `${file} cannot be replaced`, { cause: error });
  }
}

/** Removes a candidate that was refused. */
export async function discardCandidate(candidate: string): Promise<void> {
  await rm(candidate, { force: true });
}

/** Writes a refused text to a file where an operator can read it. */
export async function keepRejected(text: string, destination: string): Promise<void> {
  await writeFile(destination, text, { mode: MODE });
}
