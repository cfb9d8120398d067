/**
 * The health of a group on this host: its checks, all of them, become one word in a track file that keepalived
 * watches. A host that cannot serve its VIPs is in FAULT there, and the VIPs leave it.
 */
import type { Logger } from "pino";
import { AgentError } from "../../errors.ts";
import type { Check, HealthPlan } from "../plan.ts";
import { type CheckState, NEVER_CHECKED } from "../rise-fall.ts";
import type { HealthStatus } from "../status.ts";
import { openCheck, type RunningCheck } from "./check.ts";
import type { HealthProbe } from "./probe.ts";
import type { TrackFile } from "./track-file.ts";

/** A track file that could not be written is written again after this time, ms. */
const WRITE_AGAIN_MS = 1_000;

export interface GroupHealthOptions {
  readonly group: string;
  readonly trackFile: TrackFile;
  readonly probe: HealthProbe;
  readonly onStatus: (status: HealthStatus) => void;
  /** Whether the host must not own the VIPs, and the track file cannot be made to say so. */
  readonly onUnenforced: (isStuck: boolean) => void;
  /** What keeps the group's health from being known or told; undefined: nothing any more. */
  readonly onProblem: (trouble: AgentError | undefined) => void;
  readonly log: Logger;
  readonly signal: AbortSignal;
}

/**
 * Why a group is held back: a planned change or what metadata says of this host, the loss of its VRRP source, or its start
 * in a keepalived that runs already.
 */
export type HoldCause = "plan" | "source" | "start";

export interface GroupHealth {
  /** Follows this plan from now on; a check that stays keeps its verdict. */
  setPlan(plan: HealthPlan): void;
  /** Must not own the VIPs for the reason given, whatever the checks say; undefined: this holder has no reason any more. */
  setHold(reason: string | undefined, by?: HoldCause): void;
  /** Gives the VIPs away, whatever the checks say, as long as the command `drain` has it so. */
  setDrain(isOrdered: boolean): void;
  /** Something happened that may matter to these kinds of checks: looks at once. */
  probeNow(kinds: readonly Check["kind"][]): void;
  /** keepalived is in FAULT: should the track file say something else than it ought to, it is put right. */
  restoreTrackFile(): void;
  /** The agent was frozen: what it knew is no longer known. */
  reset(): void;
}

export function openGroupHealth(options: GroupHealthOptions): GroupHealth {
  const { group, trackFile, log, signal } = options;
  let plan: HealthPlan | undefined;
  let runners: readonly RunningCheck[] = [];
  let isHealthy = false;
  let isOrdered = false;
  const holds = new Map<HoldCause, string>();
  const writer = keepWritten(options, () => isHealthy && holds.size === 0);

  const conclude = (): void => {
    if (plan === undefined) return;
    const drainedBy = isOrdered ? "command" : plan.drainedBy;
    const isDrained = drainedBy !== undefined;
    const checks = runners.map((runner) => runner.status());
    const isWell = !isDrained && runners.every((runner) => runner.isHealthy);
    if (isWell !== isHealthy) {
      isHealthy = isWell;
      const reasons = checks
        .filter(({ verdict }) => verdict !== "healthy")
        .map(({ name, reason }) => `${name}: ${reason}`);
      log.info(
        { isHealthy, reasons: isDrained ? [`drained by ${drainedBy}`, ...reasons] : reasons },
        "health changed",
      );
    }
    const [heldBy] = holds.values();
    options.onStatus({ isHealthy, isDrained, drainedBy, heldBy, checks });
    writer.write();
    const troubles = runners.flatMap(({ trouble }) => trouble ?? []);
    const isTrouble = troubles.length > 0;
    const text = `group ${group}: nothing definite is known of ${troubles.join("; ")}`;
    writer.tell(isTrouble ? new AgentError("HEALTH_UNKNOWN", text) : undefined);
  };

  const startCheck = (check: Check, by: HealthPlan): RunningCheck => {
    // a check that is added to a healthy host takes the VIP from it only once it failed
    const initial: CheckState = isHealthy ? { verdict: "healthy" } : NEVER_CHECKED;
    return openCheck({ ...options, check, initial, plan: by, onChange: conclude });
  };

  return {
    setPlan: (next) => {
      if (JSON.stringify(next) === JSON.stringify(plan) || signal.aborted) return;
      plan = next;
      const before = new Map(runners.map((runner) => [JSON.stringify(runner.check), runner]));
      const wanted = new Set(next.checks.map((check) => JSON.stringify(check)));
      for (const [key, runner] of before) {
        if (wanted.has(key)) runner.setPlan(next);
        else runner.close();
      }
      runners = next.checks.map((check) => before.get(JSON.stringify(check)) ?? startCheck(check, next));
      conclude();
    },
    setHold: (reason, by = "plan") => {
      if (reason === holds.get(by)) return;
      if (reason === undefined) holds.delete(by);
      else holds.set(by, reason);
      const [heldBy] = holds.values();
      log.info({ reason: heldBy }, heldBy === undefined ? "no longer held back" : "held back");
      conclude();
    },
    setDrain: (isWanted) => {
      isOrdered = isWanted;
      conclude();
    },
    probeNow: (kinds) => {
      for (const runner of runners) if (kinds.includes(runner.check.kind)) runner.probeNow();
    },
    restoreTrackFile: () => {
      trackFile.forget();
      writer.write();
    },
    reset: () => {
      for (const runner of runners) runner.reset();
      // the file holds nothing, whatever was written last: only a change is written
      isHealthy = false;
      writer.write();
      conclude();
    },
  };
}

/** Keeps the track file at what is to be, however often a write fails, and one word of what is wrong. */
function keepWritten(
  { trackFile, onUnenforced: onStuck, onProblem: onTrouble, signal }: GroupHealthOptions,
  wanted: () => boolean,
) {
  let again: NodeJS.Timeout | undefined;
  let unwritten: AgentError | undefined;
  let unknown: AgentError | undefined;
  const tell = (): void => onTrouble(unwritten ?? unknown);
  const write = (): void => {
    clearTimeout(again);
    trackFile.set(wanted()).then(
      () => {
        if (unwritten === undefined) return;
        unwritten = undefined;
        onStuck(false);
        tell();
      },
      (error: unknown) => {
        if (signal.aborted) return;
        unwritten = error instanceof AgentError ? error : undefined;
        onStuck(!wanted());
        tell();
        again = setTimeout(write, WRITE_AGAIN_MS);
        again.unref();
      },
    );
  };
  return {
    write,
    tell: (trouble: AgentError | undefined): void => {
      unknown = trouble;
      tell();
    },
  };
}
