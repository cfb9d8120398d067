/**
 * Replaces a file in one step: a reader sees the old content or the new one, never a part.
 *
 * The content goes into a draft beside the file, which is then renamed over it.
 */
import { constants } from "node:fs";
import { open, readFile, rename, rm } from "node:fs/promises";
import path from "node:path";
import { errorCode } from "../error-code.ts";
import { canOverwriteWithoutSpace, HalfWrittenError, overwriteFile } from "./overwrite-file.ts";

export interface DraftOptions {
  readonly mode: number;
  /** Whether the content reaches the disk first, so that a loss of power leaves no part either. */
  readonly isSynced: boolean;
}

/** `.NAME.draft` beside the file: hidden, so that it matches no pattern of the files themselves. */
export function draftPath(file: string, suffix = "draft"): string {
  return path.join(path.dirname(file), `.${path.basename(file)}.${suffix}`);
}

/**
 * Replaces `file`, which need not exist. Its directory must.
 *
 * @throws the error of the system, also for a full disk; the earlier content stays, and no draft is left.
 */
export async function replaceFile(file: string, text: string | Buffer, options: DraftOptions): Promise<void> {
  const draft = draftPath(file);
  try {
    await writeDraft(draft, text, options);
    await rename(draft, file);
  } catch (error) {
    await rm(draft, { force: true }).catch(() => undefined);
    throw error;
  }
}

/** Writes a new draft. A link or a file of another process under its name is removed and never written to. */
export async function writeDraft(
  draft: string,
  text: string | Buffer,
  { mode, isSynced }: DraftOptions,
): Promise<void> {
  await rm(draft, { force: true });
  const flags = constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL | constants.O_NOFOLLOW;
  const handle = await open(draft, flags, mode);
  try {
    await handle.writeFile(text);
    if (isSynced) await handle.sync();
  } finally {
    await handle.close();
  }
}

/**
 * Renames a draft over its file, on the disk too when it resolves.
 *
 * A file that Docker bind-mounts cannot be renamed over (EBUSY). A draft on another disk (EXDEV) is copied beside the file
 * first. Where neither is possible, the content is replaced in place, and the file gets `mode`. No link is followed.
 *
 * @throws the error of the system, and the earlier content stays; HalfWrittenError where it does not.
 */
export async function promoteDraft(draft: string, file: string, mode: number): Promise<void> {
  try {
    await rename(draft, file);
  } catch (error) {
    const code = errorCode(error);
    if (code !== "EBUSY" && code !== "EXDEV") throw error;
    const text = await readFile(draft);
    await (code === "EBUSY" ? overwriteFile(file, text, mode) : copyOver(file, text, mode));
    return rm(draft, { force: true });
  }
  await syncDirectory(path.dirname(file));
}

/**
 * Replaces a file by a text from another disk. On a full disk there is no space for both texts, but the new one may fit into
 * the space of the one that is there.
 *
 * @throws the error of the first try where the second one changed nothing: it names what has to be mended.
 */
async function copyOver(file: string, text: Buffer, mode: number): Promise<void> {
  try {
    await replaceFile(file, text, { mode, isSynced: true });
  } catch (error) {
    if (errorCode(error) === "EBUSY") return overwriteFile(file, text, mode);
    if (!isFull(error) || !(await canOverwriteWithoutSpace(path.dirname(file)))) throw error;
    await overwriteFile(file, text, mode).catch((second: unknown) => {
      throw second instanceof HalfWrittenError ? second : error;
    });
  }
}

/** Whether the disk has no space, or none for this user. */
export function isFull(error: unknown): boolean {
  const code = errorCode(error);
  return code === "ENOSPC" || code === "EDQUOT";
}

/** Its files are on the disk under their names, and those that were removed are not, when it resolves. */
export async function syncDirectory(directory: string): Promise<void> {
  const handle = await open(directory, constants.O_RDONLY | constants.O_DIRECTORY);
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}
