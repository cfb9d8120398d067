/** Finds the processes that hold an abstract unix socket, by `/proc`. */
import { readdir, readFile, readlink } from "node:fs/promises";
import { inodesBoundTo, type Process } from "../holder.ts";

/** The processes that hold the name. Empty where the holder is invisible from this container, or has ended. Never rejects. */
export async function findHolders(name: string): Promise<Process[]> {
  const table = await readFile("/proc/net/unix", "utf8").catch(() => "");
  const sockets = new Set(inodesBoundTo(table, name).map((inode) => `socket:[${inode}]`));
  if (sockets.size === 0) return [];
  const pids = (await readdir("/proc")).filter((entry) => /^\d+$/.test(entry));
  const found = await Promise.all(pids.map(async (pid) => ((await holds(pid, sockets)) ? [pid] : [])));
  return Promise.all(found.flat().map(async (pid) => ({ pid: Number(pid), name: await nameOf(pid) })));
}

async function holds(pid: string, sockets: ReadonlySet<string>): Promise<boolean> {
  const files = await readdir(`/proc/${pid}/fd`).catch(() => []);
  const targets = await Promise.all(files.map((file) => readlink(`/proc/${pid}/fd/${file}`).catch(() => "")));
  return targets.some((target) => sockets.has(target));
}

async function nameOf(pid: string): Promise<string> {
  const comm = await readFile(`/proc/${pid}/comm`, "utf8").catch(() => "");
  return comm.trim() || "a process";
}
