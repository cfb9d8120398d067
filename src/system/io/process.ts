/** A group of processes as the kernel has it: whether they were stopped, and what makes them go on or end. */
import { readFileSync } from "node:fs";
import { kill } from "node:process";
import { isStopped } from "../process-stat.ts";

/** Those of `pids` that a signal or a debugger stopped: they are there, and do nothing. */
export function findStopped(pids: readonly number[]): number[] {
  return pids.filter((pid) => isStopped(readStat(pid)));
}

/** Sends a signal to every process of the group; one that has ended already is no error. */
export function signalGroup(leader: number, signal: "SIGCONT" | "SIGKILL"): void {
  try {
    kill(-leader, signal);
  } catch {
    // it ended in this very moment
  }
}

function readStat(pid: number): string {
  try {
    return readFileSync(`/proc/${pid}/stat`, "utf8"); // memory, no disk
  } catch {
    return "";
  }
}
