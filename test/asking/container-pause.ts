/** Stops all processes of a host's container, and nothing of the lab's own that runs beside them. */
import { readlinkSync } from "node:fs";
import type { Host } from "../e2e/lab/host.ts";
import { occupants } from "../e2e/lab/namespace.ts";
import { sendSignal } from "../fixtures/send-signal.ts";

export function containerPids(host: Host): number[] {
  const wanted = pidNamespace(host.agent.container.pid);
  return occupants([host.namespace]).filter((pid) => wanted !== undefined && pidNamespace(pid) === wanted);
}

/** @returns what lets them run again. A process that was forked meanwhile is stopped by the second look. */
export function pauseContainer(host: Host): () => void {
  for (const pid of containerPids(host)) sendSignal(pid, "SIGSTOP");
  const stopped = containerPids(host);
  for (const pid of stopped) sendSignal(pid, "SIGSTOP");
  return () => {
    for (const pid of stopped) sendSignal(pid, "SIGCONT");
  };
}

function pidNamespace(pid: number): string | undefined {
  try {
    return readlinkSync(`/proc/${pid}/ns/pid`);
  } catch {
    return undefined;
  }
}
