/** Finds stopped processes, and signals whole process groups. */
import { readdirSync, readFileSync } from "node:fs";
import { kill } from "node:process";
import { isAliveIn, isStopped } from "../process-stat.ts";

/** The pids whose process a signal or a debugger has stopped. */
export function findStopped(pids: readonly number[]): number[] {
  return pids.filter((pid) => isStopped(readStat(pid)));
}

/** Signals every process of the group. A group that has ended is no error. */
export function signalGroup(leader: number, signal: "SIGCONT" | "SIGKILL"): void {
  try {
    kill(-leader, signal);
  } catch {
    // no process of the group is left
  }
}

/** Whether a process of the group has not ended. One that hangs in the kernel cannot be killed. */
export function isGroupAlive(leader: number): boolean {
  try {
    kill(-leader, 0);
  } catch {
    return false; // the usual end, without a look at all processes
  }
  const pids = readdirSync("/proc").map(Number).filter(Number.isInteger);
  return pids.some((pid) => isAliveIn(leader, readStat(pid)));
}

function readStat(pid: number): string {
  try {
    return readFileSync(`/proc/${pid}/stat`, "utf8"); // memory, no disk
  } catch {
    return "";
  }
}
