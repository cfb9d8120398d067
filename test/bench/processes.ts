/** The processes of a container as the kernel counts them: their CPU time, and their memory. */
import { readdirSync, readFileSync } from "node:fs";

const TICKS_PER_SECOND = 100;

interface Process {
  readonly name: string;
  readonly parent: number;
  /** User and system time, its own and that of the children that it waited for, s. */
  readonly cpuSeconds: number;
}

/** CPU time so far of `root` and all below it, s. Processes that come and go count for who waited for them. */
export function cpuSecondsBelow(root: number): number {
  return processesBelow(root)
    .values()
    .reduce((sum, { cpuSeconds }) => sum + cpuSeconds, 0);
}

/** Fields of /proc/PID/smaps_rollup, MiB. */
export interface MemoryShare {
  readonly pss: number;
  /** The part of it that is in no file: heap, stacks. */
  readonly anonymous: number;
  readonly rss: number;
}

/** Of `root` and all below it, summed. */
export function memoryBelow(root: number): MemoryShare {
  const shares = [...processesBelow(root).keys()].map(memoryOf);
  const sum = (field: keyof MemoryShare) => shares.reduce((total, share) => total + share[field], 0);
  return { pss: sum("pss"), anonymous: sum("anonymous"), rss: sum("rss") };
}

export function memoryOf(pid: number): MemoryShare {
  const rollup = readOrEmpty(`/proc/${pid}/smaps_rollup`);
  const mebibytes = (field: string) =>
    Number(new RegExp(`^${field}:\\s+(\\d+)`, "m").exec(rollup)?.[1] ?? 0) / 1_024;
  return { pss: mebibytes("Pss"), anonymous: mebibytes("Pss_Anon"), rss: mebibytes("Rss") };
}

function processesBelow(root: number): Map<number, Process> {
  const all = readdirSync("/proc")
    .filter((entry) => /^\d+$/.test(entry))
    .map(Number);
  const processes = new Map(all.flatMap(readProcess));
  const isBelow = (pid: number): boolean => {
    const parent = processes.get(pid)?.parent;
    return pid === root || (parent !== undefined && isBelow(parent));
  };
  return new Map([...processes].filter(([pid]) => isBelow(pid)));
}

/** None where it has ended meanwhile. */
function readProcess(pid: number): [number, Process][] {
  const stat = readOrEmpty(`/proc/${pid}/stat`);
  if (stat === "") return [];
  const nameEnd = stat.lastIndexOf(")");
  const [, parent = 0, ...fields] = stat
    .slice(nameEnd + 2)
    .split(" ")
    .map(Number);
  const ticks = fields.slice(9, 13).reduce((sum, value) => sum + value, 0);
  return [
    [pid, { name: stat.slice(stat.indexOf("(") + 1, nameEnd), parent, cpuSeconds: ticks / TICKS_PER_SECOND }],
  ];
}

function readOrEmpty(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return "";
  }
}
