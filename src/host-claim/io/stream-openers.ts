/**
 * Who opened the sockets that a connection to a name leads to, found in this process by a short look at `/proc`. It costs a tenth
 * of a child that asks the kernel, and `status` asks at each of the image's health checks.
 */
import { readdirSync, readFileSync, readlinkSync, statSync } from "node:fs";
import { streamsBoundTo } from "../holder.ts";

/** A container has some ten processes. Where all of a host's are visible, a child that asks the kernel costs less. */
const MAX_PROCESSES = 100;
const MAX_DESCRIPTORS = 2_000;

/**
 * The user of each stream socket that is bound to the name. Undefined for one that the first processes which are visible from
 * here do not have. Empty where there is none.
 */
export function streamOpeners(name: string): (number | undefined)[] {
  const inodes = boundStreams(name);
  const users = inodes.length === 0 ? new Map<string, number>() : usersOf(new Set(inodes));
  return inodes.map((inode) => users.get(inode));
}

function boundStreams(name: string): string[] {
  try {
    return streamsBoundTo(readFileSync("/proc/net/unix", "utf8"), name);
  } catch {
    return [];
  }
}

function usersOf(inodes: ReadonlySet<string>): ReadonlyMap<string, number> {
  const users = new Map<string, number>();
  let left = MAX_DESCRIPTORS;
  for (const pid of firstProcesses()) {
    const folder = `/proc/${pid}/fd`;
    for (const descriptor of namesIn(folder)) {
      left -= 1;
      if (left < 0 || users.size === inodes.size) return users;
      const found = socketAt(`${folder}/${descriptor}`, inodes);
      if (found !== undefined) users.set(found.inode, found.user);
    }
  }
  return users;
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

/** The socket itself, if the descriptor is one of them, with its user. */
function socketAt(
  descriptor: string,
  inodes: ReadonlySet<string>,
): { readonly inode: string; readonly user: number } | undefined {
  try {
    const [, inode = ""] = /^socket:\[(\d+)\]$/.exec(readlinkSync(descriptor)) ?? [];
    if (!inodes.has(inode)) return undefined;
    const { ino, uid } = statSync(descriptor);
    return String(ino) === inode ? { inode, user: uid } : undefined;
  } catch {
    return undefined; // closed meanwhile
  }
}
