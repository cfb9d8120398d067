/** The processes that this one has started. */
import { readFileSync } from "node:fs";

export interface OwnChild {
  readonly pid: number;
  readonly command: string;
}

export function ownChildren(): OwnChild[] {
  return childPids().flatMap((pid) => {
    const command = commandOf(pid);
    return command === "" ? [] : [{ pid, command }];
  });
}

/** With those that have ended, and were not waited for. */
export function childPids(): number[] {
  const pids = readFileSync(`/proc/${process.pid}/task/${process.pid}/children`, "utf8");
  return pids.split(" ").filter(Boolean).map(Number);
}

/** Empty where it has ended. */
function commandOf(pid: number): string {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, "utf8").replaceAll("\0", " ").trim();
  } catch {
    return "";
  }
}
