/** What happens to the agent and its container. */
import { readFileSync, writeFileSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { containerPids } from "../e2e/faults/processes.ts";
import type { Host } from "../e2e/lab/host.ts";
import { LOG_READER } from "../e2e/lab/log-reader.ts";
import {
  type Allowance,
  type Circumstances,
  type Fault,
  FELL_SILENT,
  HANDED_OVER,
  NOTHING_TO_UNDO,
  onOwner,
  UNNOTICED,
} from "./fault.ts";
import { templateOf } from "./fleet.ts";
import { agentPid, processesOf, signalTo } from "./processes.ts";

/** A VIP outlives a container that was killed or frozen by its lease of 1 s, and the kernel's delay on a busy machine. */
const LEASE_MS = 2_000;
/** The watchdog gives the VIPs away after 5 s of silence; the last beat may be a moment old. */
const BEARABLE_FREEZE_MS = 4_000;
const MOST_FREEZE_MS = 5_500;
const HANG_UPS = 40;
const HANG_UP_GAP_MS = 50;
/** Each is told in some 500 bytes, and the pipe of the log holds 4,096. */
const BROKEN_TEMPLATES = 20;
const BROKEN_TEMPLATE_MS = 200;

/** A frozen agent sees nothing of what else befalls its host, and takes no VIP off it: the watchdog has to. */
function frozen({ durationMs, isOwner, hasCompany }: Circumstances): Allowance {
  if (hasCompany)
    return { gapMs: Math.min(durationMs, MOST_FREEZE_MS), overlapMs: durationMs, mayMove: true };
  return isOwner && durationMs > BEARABLE_FREEZE_MS ? HANDED_OVER : UNNOTICED;
}

export const AGENT_FAULTS: readonly Fault[] = [
  {
    name: "agent-killed",
    areas: ["agent", "keepalived"],
    endsAgent: true,
    lasts: [500, 4_000],
    // keepalived ends with its agent, in order
    allowance: onOwner(HANDED_OVER),
    strike: async ({ fleet, host }) => {
      fleet.letEnd(host);
      signalTo(agentPid(processesOf(host)), "SIGKILL");
      return async () => {
        await host.agent.container.exited;
        await fleet.startAgent(host);
      };
    },
  },
  {
    name: "container-killed",
    areas: ["agent", "keepalived"],
    endsAgent: true,
    lasts: [500, 4_000],
    // nobody is left to take the VIP off the host: the kernel does
    allowance: onOwner({ ...FELL_SILENT, overlapMs: LEASE_MS }),
    strike: async ({ fleet, host }) => {
      fleet.letEnd(host);
      await host.killContainer();
      return () => fleet.startAgent(host);
    },
  },
  {
    name: "container-stopped",
    areas: ["agent", "keepalived"],
    endsAgent: true,
    lasts: [500, 5_000],
    allowance: onOwner(HANDED_OVER),
    strike: async ({ fleet, host }) => {
      fleet.letEnd(host);
      await host.stopAgent();
      return () => fleet.startAgent(host);
    },
  },
  {
    name: "agent-frozen",
    areas: ["agent"],
    lasts: [1_000, 8_000],
    allowance: frozen,
    strike: async ({ host }) => {
      const pid = agentPid(processesOf(host));
      signalTo(pid, "SIGSTOP");
      return async () => signalTo(pid, "SIGCONT");
    },
  },
  {
    name: "container-frozen",
    areas: ["agent", "keepalived"],
    lasts: [1_000, 8_000],
    allowance: onOwner({ ...FELL_SILENT, overlapMs: LEASE_MS }),
    strike: async ({ host }) => {
      const pids = containerPids(host);
      for (const pid of pids) signalTo(pid, "SIGSTOP");
      return async () => {
        for (const pid of pids) signalTo(pid, "SIGCONT");
      };
    },
  },
  {
    name: "listener-killed",
    areas: ["agent"],
    lasts: [0, 0],
    // the next one renews the VIPs before they end
    allowance: () => UNNOTICED,
    strike: async ({ host }) => {
      signalTo(processesOf(host).find(({ name }) => name === "perl")?.pid, "SIGKILL");
      return NOTHING_TO_UNDO;
    },
  },
  {
    name: "agent-hang-ups",
    areas: ["agent"],
    lasts: [0, 0],
    allowance: () => UNNOTICED,
    strike: async ({ host }) => {
      const pid = agentPid(processesOf(host));
      for (let count = 0; count < HANG_UPS; count += 1) {
        signalTo(pid, "SIGHUP");
        await sleep(HANG_UP_GAP_MS);
      }
      return NOTHING_TO_UNDO;
    },
  },
  {
    name: "log-reader-stalled",
    areas: ["agent", "files"],
    // an agent that waited for the reader would be silent for longer than its watchdog bears: 5 s
    lasts: [13_000, 16_000],
    allowance: () => UNNOTICED,
    strike: async ({ host }) => {
      const reader = processesOf(host).find(({ command }) => command[0] === LOG_READER)?.pid;
      signalTo(reader, "SIGSTOP");
      await makeItLog(host);
      return async () => signalTo(reader, "SIGCONT");
    },
  },
];

/** More lines than the pipe of the log holds: its template is broken and mended again and again. */
async function makeItLog(host: Host): Promise<void> {
  const template = readFileSync(templateOf(host), "utf8");
  for (let count = 0; count < BROKEN_TEMPLATES; count += 1) {
    for (const text of [`{% ${count}`, template]) {
      writeFileSync(templateOf(host), text);
      await sleep(BROKEN_TEMPLATE_MS);
    }
  }
}
