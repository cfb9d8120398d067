/**
 * Work that keeps the machine busy for a bounded time. Each process has a CPU cgroup of its own, as a container has, where the
 * kernel offers version 1 of the controller. It ends by itself, and with this process.
 */
import { existsSync, mkdirSync, rmdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { Child } from "../e2e/lab/child.ts";
import type { Host } from "../e2e/lab/host.ts";
import { containerPids } from "./container-pause.ts";

const CPU_CONTROLLER = "/sys/fs/cgroup/cpu";
/** Around all groups of a run. What else runs on the machine meets the whole run as four busy processes. */
const OWN_GROUP = join(CPU_CONTROLLER, `rk${process.pid}`);
const OWN_SHARES = 4 * 1_024;
const BUSY = "my $end = time + shift; 1 while time < $end";
const FORKS =
  'my $end = time + shift; while (time < $end) { my $pid = fork // die; exec "/bin/true" unless $pid; waitpid $pid, 0 }';

export type LoadKind = "busy" | "forks";

/** Resolves once every process has ended. */
export async function runLoad(kind: LoadKind, count: number, seconds: number): Promise<void> {
  const groups: string[] = [];
  const children = Array.from({ length: count }, (_, index) => {
    const program = kind === "busy" ? BUSY : FORKS;
    const child = new Child({
      name: `load ${index}`,
      command: ["perl", "-e", program, String(Math.ceil(seconds))],
    });
    groups.push(...joinGroup(`load${index}`, [child.pid]));
    return child;
  });
  await Promise.all(children.map(({ exited }) => exited));
  await removeGroups(groups);
}

/** Gives the host's container a cgroup of its own, as Docker does. @returns what takes it away after the container's end. */
export function groupContainer(host: Host): () => Promise<void> {
  const groups = joinGroup(host.namespace, containerPids(host));
  return async () => {
    for (const pid of groups.length === 0 ? [] : containerPids(host)) enter(CPU_CONTROLLER, pid);
    await removeGroups(groups);
  };
}

/** @returns the group, none where the kernel has no such controller. */
function joinGroup(name: string, pids: readonly number[]): string[] {
  if (!existsSync(join(CPU_CONTROLLER, "cpu.shares"))) return [];
  const group = join(OWN_GROUP, name);
  mkdirSync(group, { recursive: true });
  writeFileSync(join(OWN_GROUP, "cpu.shares"), String(OWN_SHARES));
  for (const pid of pids) enter(group, pid);
  return [group];
}

/** One that has ended is no error. */
function enter(group: string, pid: number): void {
  try {
    writeFileSync(join(group, "cgroup.procs"), String(pid));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ESRCH") throw error;
  }
}

/** The kernel keeps a group for a moment after its last process. The last call removes the run's own group, too. */
async function removeGroups(groups: readonly string[]): Promise<void> {
  for (const group of groups) {
    for (let attempt = 0; attempt < 50 && !isRemoved(group); attempt += 1) await sleep(100);
  }
  isRemoved(OWN_GROUP);
}

function isRemoved(group: string): boolean {
  try {
    rmdirSync(group);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "ENOENT";
  }
}
