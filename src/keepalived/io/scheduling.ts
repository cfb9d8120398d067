/**
 * Gives keepalived's VRRP process real-time priority, and says whether it has it.
 *
 * keepalived inherits the policy from its start, so it is in force at once, also in a VRRP process that keepalived starts
 * again. Here it is set once more, so that what that process starts does not inherit it, and so that a refusal has its
 * reason. `vrrp_rt_priority` of keepalived.conf would do it too, but it kills the VRRP process on repeated reloads.
 */
import { readFile } from "node:fs/promises";
import { env } from "node:process";
import { execa } from "execa";
import type { Logger } from "pino";
import { missingCapabilities } from "../../system/capabilities.ts";
import { bareEnvironment } from "../../system/child-command.ts";
import { readProcStatus } from "../../system/io/proc.ts";
import { isRealtime, realtimeArguments, refusedScheduling, type SchedulingStatus } from "../scheduling.ts";

const TIMEOUT_MS = 5_000;

export interface SchedulingOptions {
  readonly isWanted: boolean;
  readonly onStatus: (status: SchedulingStatus) => void;
  readonly log: Logger;
}

export interface Scheduling {
  /** To be called with the pid of each VRRP process that keepalived starts. Never rejects. */
  apply(pid: number): Promise<void>;
}

export function createScheduling({ isWanted, onStatus, log }: SchedulingOptions): Scheduling {
  let told = "";
  return {
    apply: async (pid) => {
      const status = isWanted ? await setRealtime(pid) : ({ phase: "normal" } as const);
      if (status === undefined) return;
      onStatus(status);
      const text = JSON.stringify(status);
      if (text === told) return;
      told = text;
      if (status.phase === "refused") {
        const { reason, hint } = status;
        log.warn({ reason, hint }, "keepalived runs without real-time priority");
      } else log.info({ scheduling: status.phase }, "keepalived's scheduling is set");
    },
  };
}

/** Undefined where the process has ended. */
async function setRealtime(pid: number): Promise<SchedulingStatus | undefined> {
  const { code, all = "" } = await execa("chrt", realtimeArguments(pid), {
    ...bareEnvironment(env),
    all: true,
    reject: false,
    stdin: "ignore",
    timeout: TIMEOUT_MS,
  });
  const stat = await readFile(`/proc/${pid}/stat`, "utf8").catch(() => undefined);
  if (stat === undefined) return undefined;
  if (isRealtime(stat)) return { phase: "realtime" };
  const hasSysNice = !missingCapabilities(readProcStatus()).includes("SYS_NICE");
  return refusedScheduling({ isFound: code !== "ENOENT", output: all }, hasSysNice);
}
