/**
 * A directory in memory, which takes no space of a disk and can be written while every disk is full or read-only.
 *
 * Docker gives each container one of its own. With `--ipc=host` it is the host's, where every user may write.
 */
import { constants } from "node:fs";
import { access, stat } from "node:fs/promises";

const MEMORY = "/dev/shm";

/** Undefined where there is none that can be written, or another user could replace this agent's files in it. */
export async function findMemory(directory = MEMORY): Promise<string | undefined> {
  try {
    await access(directory, constants.W_OK);
    const { mode, uid } = await stat(directory);
    const isShared = (mode & 0o022) !== 0;
    const isSticky = (mode & 0o1000) !== 0;
    return uid === 0 && (!isShared || isSticky) ? directory : undefined;
  } catch {
    return undefined;
  }
}
