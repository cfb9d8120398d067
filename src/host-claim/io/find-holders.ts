/** Finds the processes that hold an abstract unix socket, and the user who opened it, by `/proc`. */
import { readdir, readFile, readlink, stat } from "node:fs/promises";
import { inodesBoundTo, onlyOpener, type Process } from "../holder.ts";
import type { Peer } from "./peer.ts";

/** A descriptor of a socket that is bound to the name. */
interface Descriptor {
  readonly pid: string;
  readonly inode: string;
  readonly path: string;
}

/**
 * The processes that hold the name. Empty where the holder is invisible from this container, or has ended. Never rejects.
 *
 * @param peer the process that the kernel names. Without it the table of sockets is read, and any user can add rows to that.
 */
export async function findHolders(name: string, peer?: Peer): Promise<Process[]> {
  if (peer?.pid === 0) return [];
  const known = peer && (await nameOf(String(peer.pid)));
  if (peer !== undefined && known !== undefined) return [{ pid: peer.pid, name: known }];
  const pids = new Set((await descriptorsOf(await boundInodes(name))).map(({ pid }) => pid));
  const names = [...pids].map(async (pid) => ({
    pid: Number(pid),
    name: (await nameOf(pid)) ?? "a process",
  }));
  return Promise.all(names);
}

/**
 * The user who opened each socket that is bound to the name, as the socket itself says. A process may change its user later,
 * or leave the socket to one of root, and the socket still names the user who opened it. Any user can add sockets of others.
 *
 * @returns undefined where it is not visible of each socket, or where they are of several users. Never rejects.
 */
export async function findOpener(name: string): Promise<number | undefined> {
  const inodes = await boundInodes(name);
  const descriptors = await descriptorsOf(inodes);
  return onlyOpener(
    await Promise.all(
      inodes.map(async (inode) => {
        const descriptor = descriptors.find((candidate) => candidate.inode === inode);
        if (descriptor === undefined) return undefined;
        const socket = await stat(descriptor.path).catch(() => undefined);
        return socket !== undefined && String(socket.ino) === inode ? socket.uid : undefined;
      }),
    ),
  );
}

async function boundInodes(name: string): Promise<string[]> {
  return inodesBoundTo(await readFile("/proc/net/unix", "utf8").catch(() => ""), name);
}

async function descriptorsOf(inodes: readonly string[]): Promise<Descriptor[]> {
  if (inodes.length === 0) return [];
  const inodeOf = new Map(inodes.map((inode) => [`socket:[${inode}]`, inode]));
  const pids = (await readdir("/proc")).filter((entry) => /^\d+$/.test(entry));
  const found = await Promise.all(
    pids.map(async (pid) => {
      const files = await readdir(`/proc/${pid}/fd`).catch(() => []);
      const ofPid = files.map(async (file) => {
        const path = `/proc/${pid}/fd/${file}`;
        const inode = inodeOf.get(await readlink(path).catch(() => ""));
        return inode === undefined ? [] : [{ pid, inode, path }];
      });
      return (await Promise.all(ofPid)).flat();
    }),
  );
  return found.flat();
}

/** Undefined where the process has ended. */
async function nameOf(pid: string): Promise<string | undefined> {
  const comm = await readFile(`/proc/${pid}/comm`, "utf8").catch(() => undefined);
  return comm && (comm.trim() || "a process");
}
