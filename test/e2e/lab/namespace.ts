/**
 * The tests' network namespaces by name: finding them, and removing them together with whatever runs in them.
 *
 * Each name has the pid of its creator, so that anyone can tell one whose creator is dead. Those of a lab begin with
 * `rk<pid>x<number>-`, those of other tests with `rk`, perhaps a word, and the pid. Everything here is synchronous: it
 * must also work while the process exits.
 */
import { spawnSync } from "node:child_process";
import { readdirSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { sendSignal } from "../../fixtures/send-signal.ts";
import { unmountBelow } from "./disk.ts";

const NAMESPACE_FOLDER = "/run/netns";
const NAMESPACE_NAME = /^rk[a-z-]*(\d+)/;
/** Only a lab's folder has the pid: the random end of another one may look like it. */
const FOLDER_NAME = /^rk(\d+)x\d+-/;
let labsOfThisProcess = 0;

/** The name of a new lab, with which the names of its namespaces and of its temporary folder begin. */
export function newLabName(): string {
  labsOfThisProcess += 1;
  return `rk${process.pid}x${labsOfThisProcess}`;
}

/** The namespaces of one lab that exist now. */
export function namespacesOf(labName: string): string[] {
  return listFolder(NAMESPACE_FOLDER).filter((name) => name.startsWith(`${labName}-`));
}

/** The namespaces that these processes have made, and not removed. */
export function namespacesMadeBy(pids: readonly number[]): string[] {
  return listFolder(NAMESPACE_FOLDER).filter((name) => pids.includes(creatorOf(name, NAMESPACE_NAME) ?? 0));
}

/** Ends every process in the namespaces by SIGKILL, then removes the namespaces. Absent ones are no error. */
export function removeNamespaces(names: readonly string[]): void {
  if (names.length === 0) return;
  for (const pid of occupants(names)) kill(pid);
  const input = names.map((name) => `netns delete ${name}\n`).join("");
  spawnSync("ip", ["-force", "-batch", "-"], { input });
}

/** Removes what tests left behind whose process died before it could: processes, namespaces, the folders of labs. */
export function sweepStaleLabs(): void {
  removeNamespaces(listFolder(NAMESPACE_FOLDER).filter((name) => isStale(name, NAMESPACE_NAME)));
  for (const name of listFolder(tmpdir()).filter((folder) => isStale(folder, FOLDER_NAME))) {
    const folder = join(tmpdir(), name);
    unmountBelow(folder);
    rmSync(folder, { recursive: true, force: true, maxRetries: 20 });
  }
}

/** Pids of the processes whose network namespace is one of those named; never of the caller's own. */
export function occupants(names: readonly string[]): number[] {
  const own = identity("/proc/self/ns/net");
  const wanted = new Set(names.map((name) => identity(join(NAMESPACE_FOLDER, name))));
  wanted.delete(own);
  wanted.delete(undefined);
  const pids = listFolder("/proc").filter((entry) => /^\d+$/.test(entry));
  return pids.filter((pid) => wanted.has(identity(`/proc/${pid}/ns/net`))).map(Number);
}

/** Ends a process by SIGKILL; one that has ended already is no error. */
export function kill(pid: number): void {
  sendSignal(pid, "SIGKILL");
}

function creatorOf(name: string, form: RegExp): number | undefined {
  const pid = form.exec(name)?.[1];
  return pid === undefined ? undefined : Number(pid);
}

function isStale(name: string, form: RegExp): boolean {
  const creator = creatorOf(name, form);
  return creator !== undefined && !isAlive(creator);
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "EPERM";
  }
}

/** Device and inode: a name left in /run/netns without its mount must not match a live namespace by inode alone. */
function identity(path: string): string | undefined {
  try {
    const { dev, ino } = statSync(path);
    return `${dev}:${ino}`;
  } catch {
    return undefined;
  }
}

function listFolder(path: string): string[] {
  try {
    return readdirSync(path);
  } catch {
    return [];
  }
}
