/**
 * keepalived.conf on disk: read whole and replaced in one step, so that no reader sees half a file.
 */
import crypto from "node:crypto";
import { mkdir, readFile, rm } from "node:fs/promises";
import path from "node:path";
import { AgentError } from "../../errors.ts";
import { errorCode } from "../../system/error-code.ts";
import { findMemory } from "../../system/io/memory.ts";
import { HalfWrittenError } from "../../system/io/overwrite-file.ts";
import { draftPath, isFull, promoteDraft, replaceFile, writeDraft } from "../../system/io/replace-file.ts";

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

/** Each has a file of its own: keepalived.conf can be repaired while a new text is judged. */
export type CandidateUse = "candidate" | "repair";

/**
 * Writes `text` to a candidate, for `keepalived -t` to judge. Resolves with the candidate's path.
 *
 * It lies beside the file, or in memory if that disk is full. A text of about the same length fits into the space of
 * the one in force, and a peer that could not be added would become a second owner.
 *
 * @throws {AgentError} CONF_UNWRITABLE; the file in force is untouched.
 */
export async function writeCandidate(
  file: string,
  text: string,
  use: CandidateUse = "candidate",
): Promise<string> {
  const candidate = draftPath(file, use);
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

/** Undefined if that is impossible. The name is new, because the folder may be shared with other agents. */
async function writeToMemory(text: string): Promise<string | undefined> {
  const memory = await findMemory();
  if (memory === undefined) return undefined;
  const candidate = path.join(memory, `rancher-keepalived-${crypto.randomUUID()}.conf`);
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
 * @throws {AgentError} CONF_UNWRITABLE; the file has its earlier text, or the error is a {@link HalfWrittenError}.
 */
export async function promoteCandidate(candidate: string, file: string): Promise<void> {
  try {
    await promoteDraft(candidate, file, MODE);
  } catch (error) {
    // one beside the file is overwritten by the next one
    if (path.dirname(candidate) !== path.dirname(file))
      await discardCandidate(candidate).catch(() => undefined);
    if (error instanceof HalfWrittenError) throw error;
    throw new AgentError("CONF_UNWRITABLE", `${file} cannot be replaced`, { cause: error });
  }
}

/** Removes a candidate that was refused. */
export async function discardCandidate(candidate: string): Promise<void> {
  await rm(candidate, { force: true });
}

/** Writes a refused text to a file where an operator can read it. */
export async function keepRejected(text: string, destination: string): Promise<void> {
  await replaceFile(destination, text, { mode: MODE, isSynced: false });
}
