/** Reads /proc: this process, its container, and its network namespace. Starts no process. */
import { existsSync, readFileSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { join } from "node:path/posix";
import { dockerIdFrom } from "../docker-id.ts";

/** The text of `/proc/self/status`; empty where it cannot be read. */
export function readProcStatus(): string {
  return readOrNothing("/proc/self/status");
}

/** The number that a sysctl has, such as `net.ipv4.ip_nonlocal_bind`; undefined where the kernel has no such sysctl. */
export function readSysctl(name: string): number | undefined {
  // the name of an interface may have dots, and it is always the part between these
  const [, start = "", link, end = ""] = /^(net\.ipv[46]\.conf)\.(.+)\.([^.]+)$/.exec(name) ?? [];
  const path =
    link === undefined ? name.replaceAll(".", "/") : `${start.replaceAll(".", "/")}/${link}/${end}`;
  const text = readOrNothing(`/proc/sys/${path}`).trim();
  return /^-?\d+$/.test(text) ? Number(text) : undefined;
}

/** Whether this is the network namespace of the boot. It has some values that no other namespace has. */
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

/** The Docker id of this process's container, 64 hex digits; undefined outside a container. Never throws. */
export async function readDockerId(procSelf = "/proc/self"): Promise<string | undefined> {
  const [cgroup, mountinfo] = await Promise.all([
    readProcFile(join(procSelf, "cgroup")),
    readProcFile(join(procSelf, "mountinfo")),
  ]);
  return dockerIdFrom(cgroup, mountinfo);
}

/** Empty where the file is missing: a kernel without cgroups has none. */
async function readProcFile(path: string): Promise<string> {
  try {
    return await readFile(path, "utf8");
  } catch {
    return "";
  }
}
