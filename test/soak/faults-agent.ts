/** What happens to the agent and its container. */
import { setTimeout as sleep } from "node:timers/promises";
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
import { agentPid, processesOf, signalTo } from "./processes.ts";

/** A new container has its agent remove a VIP that was left behind: Node's start on a busy machine. */
const START_MS = 6_000;
/** The watchdog gives the VIPs away after 5 s of silence; the last beat may be a moment old. */
const BEARABLE_FREEZE_MS = 4_000;
const MOST_FREEZE_MS = 5_500;
const HANG_UPS = 40;
const HANG_UP_GAP_MS = 50;

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
    // nobody is left to take the VIP off the host
    allowance: ({ durationMs, isOwner }): Allowance =>
      isOwner ? { ...FELL_SILENT, overlapMs: durationMs + START_MS } : UNNOTICED,
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
];
