/** The processes of a lab host, as the kernel lists them: what runs, how many descriptors, how much memory. */
import { readdirSync, readFileSync } from "node:fs";
import type { Host } from "../e2e/lab/host.ts";
import { occupants } from "../e2e/lab/namespace.ts";
import { sendSignal } from "../fixtures/send-signal.ts";

export interface HostProcess {
  /** As seen from outside the container. */
  readonly pid: number;
  readonly parentPid: number;
  /** /proc/PID/comm */
  readonly name: string;
  readonly command: readonly string[];
}

/** Of the host's network namespace. One that ends while it is looked at is left out. */
export function processesOf(host: Host): HostProcess[] {
  return occupants([host.namespace]).flatMap((pid) => readProcess(pid) ?? []);
}

/** Of the host's agent, or undefined where none runs. */
export function agentPid(list: readonly HostProcess[]): number | undefined {
  const isAgent = ({ command }: HostProcess): boolean =>
    command.at(-1) === "run" && command.at(-2)?.endsWith("/rancher-keepalived.mjs") === true;
  return list.find(isAgent)?.pid;
}

/** keepalived's two processes; either is undefined where it does not run. */
export function keepalivedPids(list: readonly HostProcess[]): {
  readonly parent: number | undefined;
  readonly child: number | undefined;
} {
  const own = list.filter(({ name }) => name === "keepalived");
  const pids = new Set(own.map(({ pid }) => pid));
  return {
    parent: own.find(({ parentPid }) => !pids.has(parentPid))?.pid,
    child: own.find(({ parentPid }) => pids.has(parentPid))?.pid,
  };
}

/** Open descriptors, or undefined where the process has ended. */
export function descriptorsOf(pid: number): number | undefined {
  try {
    return readdirSync(`/proc/${pid}/fd`).length;
  } catch {
    return undefined;
  }
}

/** The process's own share of memory, MB: anonymous pages alone, without the binary. Undefined where it has ended. */
export function memoryOf(pid: number): number | undefined {
  try {
    const rollup = readFileSync(`/proc/${pid}/smaps_rollup`, "utf8");
    const kilobytes = /^Pss_Anon:\s+(\d+)/m.exec(rollup)?.[1];
    return kilobytes === undefined ? undefined : Number(kilobytes) / 1_024;
  } catch {
    return undefined;
  }
}

/** Sends a signal, where there is such a process. */
export function signalTo(pid: number | undefined, signal: NodeJS.Signals): void {
  if (pid !== undefined) sendSignal(pid, signal);
}

function readProcess(pid: number): HostProcess | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
    const command = readFileSync(`/proc/${pid}/cmdline`, "utf8").split("\0").slice(0, -1);
    const [, parent] = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
    const name = stat.slice(stat.indexOf("(") + 1, stat.lastIndexOf(")"));
    return { pid, parentPid: Number(parent), name, command };
  } catch {
    return undefined;
  }
}
