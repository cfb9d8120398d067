/** The processes on a host that are harmed: found in its network, not by their names on the whole machine. */
import { readFileSync, readlinkSync } from "node:fs";
import { sendSignal } from "../../fixtures/send-signal.ts";
import type { Host } from "../lab/host.ts";
import { occupants } from "../lab/namespace.ts";
import { until } from "../lab/until.ts";

/** Pids of the processes of a program in the host's network namespace, as seen from outside. */
export async function pidsOf(host: Host, program: string): Promise<number[]> {
  const pids = (await host.run(["ip", "netns", "pids", host.namespace])).trim().split("\n").filter(Boolean);
  return pids.map(Number).filter((pid) => read(`/proc/${pid}/comm`) === program);
}

/** Pids of all processes of the host's agent container, as seen from outside. */
export function containerPids(host: Host): number[] {
  const container = pidNamespace(host.agent.container.pid);
  return occupants([host.namespace]).filter((pid) => pidNamespace(pid) === container);
}

function pidNamespace(pid: number): string | undefined {
  try {
    return readlinkSync(`/proc/${pid}/ns/pid`);
  } catch {
    return undefined; // it has ended
  }
}

/** keepalived's parent process, which starts the other one anew, and its VRRP process, which has the VIPs. */
export const KEEPALIVED_PARTS = ["parent process", "VRRP process", "whole keepalived"] as const;
export type KeepalivedPart = (typeof KEEPALIVED_PARTS)[number];

/** Sends a signal to the host's keepalived, or to one of its processes. @returns the pids. */
export async function signalKeepalived(
  host: Host,
  part: KeepalivedPart,
  signal: NodeJS.Signals,
): Promise<number[]> {
  const pids = await until(
    async () => pick(await pidsOf(host, "keepalived"), part),
    120_000,
    `${host.name} runs keepalived`,
  );
  for (const pid of pids) sendSignal(pid, signal);
  return pids;
}

/** Stops both processes of the host's keepalived whenever they run again, until they are gone. */
export async function stopAgainAndAgain(host: Host): Promise<void> {
  const pids = await signalKeepalived(host, "whole keepalived", "SIGSTOP");
  await until(
    () => {
      const left = pids.filter((pid) => read(`/proc/${pid}/comm`) === "keepalived");
      for (const pid of left) sendSignal(pid, "SIGSTOP");
      return left.length === 0;
    },
    120_000,
    "the stopped keepalived is gone",
  );
}

/** The parent first: it would start the child anew. Undefined while not both run. */
function pick(pids: readonly number[], part: KeepalivedPart): number[] | undefined {
  const child = pids.find((pid) => pids.includes(parentOf(pid)));
  if (child === undefined) return undefined;
  const parent = parentOf(child);
  return { "parent process": [parent], "VRRP process": [child], "whole keepalived": [parent, child] }[part];
}

function parentOf(pid: number): number {
  const stat = read(`/proc/${pid}/stat`);
  // behind the name, which may hold anything: the state, then the parent
  return Number(stat.slice(stat.lastIndexOf(")") + 2).split(" ")[1]);
}

/** "" where the process has ended meanwhile. */
function read(file: string): string {
  try {
    return readFileSync(file, "utf8").trim();
  } catch {
    return "";
  }
}
