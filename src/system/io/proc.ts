/** What the kernel tells in /proc of this process and of the network that it is in. Reading it starts nothing. */
import { existsSync, readFileSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { join } from "node:path/posix";
import { dockerIdFrom } from "../docker-id.ts";

/** `/proc/self/status`; empty where there is none. */
export function readProcStatus(): string {
  return readOrNothing("/proc/self/status");
}

/** The value of `net.ipv4.ip_nonlocal_bind` or another number; undefined where the kernel has none of that name. */
export function readSysctl(name: string): number | undefined {
  // interfaces may have dots in their names, and nothing else there has more than four parts around one
  const [, start = "", link, end = ""] = /^(net\.ipv[46]\.conf)\.(.+)\.([^.]+)$/.exec(name) ?? [];
  const path =
    link === undefined ? name.replaceAll(".", "/") : `${start.replaceAll(".", "/")}/${link}/${end}`;
  const text = readOrNothing(`/proc/sys/${path}`).trim();
  return /^-?\d+$/.test(text) ? Number(text) : undefined;
}

/** Whether this is the network that the kernel was started with: it has some values that no other one has. */
export function isFirstNetwork(): boolean {
  return existsSync("/proc/sys/net/core/netdev_max_backlog");
}

function readOrNothing(path: string): string {
  try {
    return readFileSync(path, "utf8"); // memory, no disk
  } catch {
    return "";
  }
}

/** The Docker id of this process's container, 64 hex digits, or undefined where `/proc` tells none. Never throws. */
export async function readDockerId(procSelf = "/proc/self"): Promise<string | undefined> {
  const [cgroup, mountinfo] = await Promise.all([
    readProcFile(join(procSelf, "cgroup")),
    readProcFile(join(procSelf, "mountinfo")),
  ]);
  return dockerIdFrom(cgroup, mountinfo);
}

/** A kernel without cgroups has no such file; the id is then not known, which is no failure. */
async function readProcFile(path: string): Promise<string> {
  try {
    return await readFile(path, "utf8");
  } catch {
    return "";
  }
}
