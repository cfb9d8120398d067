/**
 * Verifies the status: it compares the states that keepalived reports with the addresses that the kernel has. Each
 * contradiction is added to the status, and its remedy is applied where it lasts.
 *
 * It verifies shortly after each change, and rarely otherwise, so a quiet host needs almost no CPU. keepalived is asked each
 * time, because it may hang. The kernel announces changes of its addresses, so it is asked again after a change, or where
 * what is known of it contradicts.
 */

import { setTimeout as sleep } from "node:timers/promises";
import type { Logger } from "pino";
import { AgentError } from "../../errors.ts";
import type { InstanceDump } from "../../keepalived/dump.ts";
import type { Trigger } from "../../system/io/trigger.ts";
import {
  type FoundContradiction,
  findContradictions,
  type Remedy,
  type TrackFileAccess,
} from "../contradiction.ts";
import { type HeldAddress, type MissingVip, missingFurtherVips } from "../missing-vip.ts";
import { createRemedySchedule } from "../remedy-schedule.ts";
import type { Contradiction, Status } from "../status.ts";
import type { StatusStore } from "./store.ts";
import type { FindTrackFileAccess } from "./track-file-access.ts";

/** Delay after a change: keepalived reports a transition and changes its addresses a few ms apart. */
const CHANGE_DELAY_MS = 250;
/** Interval without a change. */
const IDLE_INTERVAL_MS = 15_000;
/** Interval while there is a contradiction. */
const CONTRADICTION_INTERVAL_MS = 1_000;
/** A change of state takes less time, so a contradiction that lasts longer counts. */
const LASTING_MS = 5_000;

export interface VerificationOptions {
  readonly store: StatusStore;
  /** Fires when the states or the addresses may have changed. */
  readonly trigger: Trigger;
  /** Asks keepalived for its states, which also updates the status; undefined while none runs. */
  readonly dump: () => Promise<readonly InstanceDump[] | undefined>;
  readonly trackFileAccess: FindTrackFileAccess;
  /** @param isUrgent reads what the kernel has now. Otherwise it may be known, if no change was announced since. */
  readonly readVips: (isUrgent: boolean) => Promise<{
    readonly held: readonly HeldAddress[];
    readonly linksUp: ReadonlySet<string>;
  }>;
  /** Called for a contradiction that is older than its `remedyDelayMs`, as often as that helps. Never rejects. */
  readonly applyRemedy: (remedy: Remedy) => Promise<void>;
  /** Repairs the further VIPs that this host lacks. @returns when to repair again, ms from now. Never rejects. */
  readonly repair: (missing: readonly MissingVip[]) => Promise<number | undefined>;
  readonly log: Logger;
  readonly signal: AbortSignal;
}

/** What keepalived says of its states; undefined where it does not run. */
type Answer = readonly InstanceDump[] | "silent" | "hung" | undefined;

interface OpenContradiction extends Contradiction {
  readonly sinceMs: number;
}

const UNREADABLE = { held: undefined, linksUp: new Set<string>() };

/** Runs until the signal aborts. Never rejects. */
export async function runVerification(options: VerificationOptions): Promise<void> {
  const { store, trigger, log, signal } = options;
  const open = new Map<string, OpenContradiction>();
  const schedule = createRemedySchedule();
  let reportedAt = store.status.agent.startedAt;
  let repairMs: number | undefined;

  const update = (found: readonly FoundContradiction[]): readonly Remedy[] => {
    const keys = new Set(found.map(({ key }) => key));
    for (const [key, { text, isLasting }] of open) {
      if (keys.has(key)) continue;
      if (isLasting) log.info({ contradiction: text }, "contradiction ended");
      open.delete(key);
    }
    for (const { key, text } of found) {
      const began = open.get(key) ?? { since: new Date().toISOString(), sinceMs: performance.now() };
      const isLasting = performance.now() - began.sinceMs >= LASTING_MS;
      if (isLasting && open.get(key)?.isLasting !== true)
        log.warn({ contradiction: text, since: began.since }, "contradiction lasts");
      open.set(key, { ...began, text, isLasting });
    }
    store.update({
      contradictions: [...open.values()].map(({ text, since, isLasting }) => ({ text, since, isLasting })),
    });
    const isDue = ({ key, remedyDelayMs }: FoundContradiction) =>
      performance.now() - (open.get(key)?.sinceMs ?? Number.POSITIVE_INFINITY) >= remedyDelayMs;
    return found.filter(isDue).flatMap((each) => schedule.due(each, performance.now()) ?? []);
  };

  const compare = async (states: Answer, isUrgent: boolean) => {
    const read = await options.readVips(isUrgent).catch(() => UNREADABLE);
    const access = await accessOf(store.status, options.trackFileAccess);
    const { keepalived, instances, health } = store.status;
    const isSilent = states === "silent" || states === "hung";
    const found = findContradictions({
      isKeepalivedRunning: keepalived.isRunning,
      instances,
      health: new Map(health.map((each) => [each.group, each])),
      heldAddresses: read.held,
      linksUp: read.linksUp,
      silentSince: isSilent ? reportedAt : undefined,
      isHung: states === "hung",
      access,
    });
    // no VIP is known to be missing without a confirmed state
    const missing = () => (isSilent ? undefined : missingFurtherVips(store.status.instances, read.held));
    return { found, missing };
  };

  /** Only a kernel that was asked now contradicts. */
  const compareNow = async (states: Answer, isUrgent: boolean) => {
    const quick = isUrgent ? undefined : await compare(states, false);
    const isEnough = quick?.found.length === 0 && quick.missing()?.length === 0;
    return isEnough ? quick : compare(states, true);
  };

  const verify = async (isUrgent: boolean): Promise<void> => {
    const hasInstances = store.status.instances.length > 0;
    const { isRunning } = store.status.keepalived;
    const states = isRunning && hasInstances ? await options.dump().catch(asSilence) : undefined;
    if (states !== "silent" && states !== "hung") reportedAt = new Date().toISOString();
    const { found, missing } = await compareNow(states, isUrgent);
    if (signal.aborted) return;
    for (const remedy of update(found)) await options.applyRemedy(remedy);
    const lacking = missing();
    if (lacking !== undefined) repairMs = await options.repair(lacking);
  };

  for (;;) {
    const intervalMs = open.size > 0 ? CONTRADICTION_INTERVAL_MS : IDLE_INTERVAL_MS;
    const isWell = open.size === 0 && repairMs === undefined;
    const hasFired = await trigger.wait(Math.min(intervalMs, repairMs ?? intervalMs));
    await sleep(CHANGE_DELAY_MS, undefined, { signal }).catch(() => undefined);
    if (signal.aborted) return;
    await verify(hasFired || !isWell);
  }
}

/** Of the groups in FAULT whose checks allow them to own: it explains only these. */
async function accessOf(
  { keepalived: { pid }, instances, health }: Status,
  find: FindTrackFileAccess,
): Promise<Map<string, TrackFileAccess>> {
  const allowed = new Set(health.filter(({ isHealthy }) => isHealthy).map(({ group }) => group));
  const access = new Map<string, TrackFileAccess>();
  for (const { name, state } of instances) {
    if (pid !== undefined && state === "FAULT" && allowed.has(name)) access.set(name, await find(pid, name));
  }
  return access;
}

function asSilence(error: unknown): "hung" | "silent" {
  return error instanceof AgentError && error.code === "KEEPALIVED_HUNG" ? "hung" : "silent";
}
