/** Finds stopped processes, and signals whole process groups. */
import { readFileSync } from "node:fs";
import { kill } from "node:process";
import { isStopped } from "../process-stat.ts";

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

function readStat(pid: number): string {
  try {
    return readFileSync(`/proc/${pid}/stat`, "utf8"); // memory, no disk
  } catch {
    return "";
  }
}
