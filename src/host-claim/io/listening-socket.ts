/**
 * Who opened the socket that listens under a name, found in this process by a short look at `/proc`. It costs a tenth of a child
 * that asks the kernel, and `status` asks at each of the image's health checks.
 */
import { readdirSync, readFileSync, readlinkSync, statSync } from "node:fs";
import { inodeListeningOn } from "../holder.ts";

/** A container has some ten processes. Where all of a host's are visible, a child that asks the kernel costs less. */
const MAX_PROCESSES = 100;
const MAX_DESCRIPTORS = 2_000;

/** The inode of the socket that listens now. The kernel gives no later socket the same one. */
export function listeningInode(name: string): string | undefined {
  try {
    return inodeListeningOn(readFileSync("/proc/net/unix", "utf8"), name);
  } catch {
    return undefined;
  }
}

/** The user who opened the socket. Undefined where the first processes that are visible from here do not have it. */
export function openerOf(inode: string): number | undefined {
  let left = MAX_DESCRIPTORS;
  for (const pid of firstProcesses()) {
    const folder = `/proc/${pid}/fd`;
    for (const descriptor of namesIn(folder)) {
      left -= 1;
      if (left < 0) return undefined;
      const user = userOf(`${folder}/${descriptor}`, inode);
      if (user !== undefined) return user;
    }
  }
  return undefined;
}

function firstProcesses(): number[] {
  const pids = namesIn("/proc").filter((entry) => /^\d+$/.test(entry));
  return pids
    .map(Number)
    .sort((one, other) => one - other)
    .slice(0, MAX_PROCESSES);
}

/** Empty where the process has ended, or is not this user's. */
function namesIn(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}

/** Of the socket itself, if the descriptor is that socket. */
function userOf(descriptor: string, inode: string): number | undefined {
  try {
    if (readlinkSync(descriptor) !== `socket:[${inode}]`) return undefined;
    const { ino, uid } = statSync(descriptor);
    return String(ino) === inode ? uid : undefined;
  } catch {
    return undefined; // closed meanwhile
  }
}
