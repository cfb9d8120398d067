/**
 * Replaces a file in one step: a reader sees the old content or the new one, never a part.
 *
 * The content goes into a draft beside the file, which is then renamed over it.
 */
import { constants } from "node:fs";
import { chmod, type FileHandle, open, readFile, rename, rm } from "node:fs/promises";
import path from "node:path";
import { errorCode } from "../error-code.ts";

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
export async function replaceFile(file: string, text: string, options: DraftOptions): Promise<void> {
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
  text: string,
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
 * A file that Docker bind-mounts cannot be renamed over (EBUSY), and neither can one on another disk than the draft (EXDEV).
 * Its content is replaced in place then, and it gets `mode`.
 *
 * @throws the error of the system; the earlier content stays.
 */
export async function promoteDraft(draft: string, file: string, mode: number): Promise<void> {
  try {
    await rename(draft, file);
  } catch (error) {
    const code = errorCode(error);
    if (code !== "EBUSY" && code !== "EXDEV") throw error;
    return replaceInPlace(draft, file, mode);
  }
  await syncDirectory(path.dirname(file));
}

/**
 * A full disk must not leave half a text. The file keeps its space while it is written, so the earlier text, which is written
 * back then, fits.
 */
async function replaceInPlace(draft: string, file: string, mode: number): Promise<void> {
  const [earlier, text] = [await readFile(file), await readFile(draft)];
  // the file may be readable by all, and writing gives a mode to new files only
  await chmod(file, mode);
  const handle = await open(file, constants.O_WRONLY);
  try {
    await overwrite(handle, text);
  } catch (error) {
    await overwrite(handle, earlier).catch(() => undefined);
    throw error;
  } finally {
    await handle.close();
  }
  await rm(draft, { force: true });
}

async function overwrite(handle: FileHandle, bytes: Buffer): Promise<void> {
  for (let at = 0; at < bytes.length; )
    at += (await handle.write(bytes, at, bytes.length - at, at)).bytesWritten;
  await handle.truncate(bytes.length);
  await handle.sync();
}

async function syncDirectory(directory: string): Promise<void> {
  const handle = await open(directory, constants.O_RDONLY | constants.O_DIRECTORY);
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}
