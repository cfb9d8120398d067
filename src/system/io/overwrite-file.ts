/**
 * Replaces the content of a file in its place, where it cannot be renamed over. This is not one step: a crash within it, or
 * a disk that fails, can leave a part of the text.
 */
import { constants } from "node:fs";
import { type FileHandle, open, statfs } from "node:fs/promises";
import { AgentError } from "../../errors.ts";

/**
 * ext2 to ext4, XFS, tmpfs, ramfs, and overlayfs, which is on one of them: writing over a text takes no space there. A file
 * system that copies on each write (btrfs, ZFS) needs space for it.
 */
const OVERWRITING_TYPES: ReadonlySet<number> = new Set([
  0xef53, 0x58465342, 0x01021994, 0x858458f6, 0x794c7630,
]);

/** The file holds a part of a text. The cause is the error of the write that failed first. */
export class HalfWrittenError extends AgentError {
  constructor(file: string, cause: unknown) {
    super(
      "CONF_UNWRITABLE",
      `${file} holds a part of a text, and its earlier text could not be written back`,
      {
        hint: "Make space on its disk. The agent writes it again by itself, and starts no keepalived with it until then.",
        cause,
      },
    );
  }
}

/** Whether a text that is no longer than the present one can be written to files of a directory without space. */
export async function canOverwriteWithoutSpace(directory: string): Promise<boolean> {
  return OVERWRITING_TYPES.has((await statfs(directory)).type);
}

/**
 * Replaces the content of a file that exists, and gives it `mode`. No link is followed. Where the write fails, the earlier
 * content is written back.
 *
 * @throws the error of the system, and the earlier content is there; {@link HalfWrittenError} where it is not.
 */
export async function overwriteFile(file: string, text: Buffer, mode: number): Promise<void> {
  const handle = await open(file, constants.O_RDWR | constants.O_NOFOLLOW);
  try {
    if (!(await handle.stat()).isFile()) throw new Error(`${file} is not a regular file`);
    const earlier = await handle.readFile();
    // the file may be readable by all, and writing gives a mode to new files only
    await handle.chmod(mode);
    try {
      await overwrite(handle, text);
    } catch (error) {
      if (!(await isWrittenBack(handle, earlier))) throw new HalfWrittenError(file, error);
      throw error;
    }
  } finally {
    await handle.close();
  }
}

/** Whether the file has its earlier content again. */
async function isWrittenBack(handle: FileHandle, earlier: Buffer): Promise<boolean> {
  try {
    await overwrite(handle, earlier);
    return true;
  } catch {
    const found = Buffer.alloc(earlier.length + 1);
    const { bytesRead } = await handle.read(found, 0, found.length, 0);
    return found.subarray(0, bytesRead).equals(earlier);
  }
}

async function overwrite(handle: FileHandle, bytes: Buffer): Promise<void> {
  for (let at = 0; at < bytes.length; )
    at += (await handle.write(bytes, at, bytes.length - at, at)).bytesWritten;
  // btrfs wants space for this even where it changes nothing
  if ((await handle.stat()).size !== bytes.length) await handle.truncate(bytes.length);
  await handle.sync();
}
