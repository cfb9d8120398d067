/**
 * The health of one group on this host: the verdicts of all its checks become `1` or `0` in its track file.
 *
 * keepalived watches the file. On a host that cannot serve the VIPs the group is in FAULT, and the VIPs leave it.
 */
import type { Logger } from "pino";
import { AgentError } from "../../errors.ts";
import { foremostReason, type HoldCause } from "../holds.ts";
import { type Check, checkedAddressOf, type HealthPlan } from "../plan.ts";
import { type CheckState, NEVER_CHECKED } from "../rise-fall.ts";
import type { HealthStatus } from "../status.ts";
import { openCheck, type RunningCheck } from "./check.ts";
import type { HealthProbe } from "./probe.ts";
import type { TrackFile } from "./track-file.ts";
import { createTrackFileWriter } from "./track-file-writer.ts";

export interface GroupHealthOptions {
  readonly group: string;
  readonly trackFile: TrackFile;
  readonly probe: HealthProbe;
  readonly onStatus: (status: HealthStatus) => void;
  /** True while the host must not own the VIPs, but the track file cannot be changed to say so. */
  readonly onUnenforced: (isUnenforced: boolean) => void;
  /** Why the health is not known, or cannot be written to the track file. Undefined once all is well. */
  readonly onProblem: (problem: AgentError | undefined) => void;
  readonly log: Logger;
  /** Its abort ends the checks, and leaves the track file as it is. */
  readonly signal: AbortSignal;
}

export interface GroupHealth {
  /** Replaces the plan. A check that is in both plans keeps its verdict. */
  setPlan(plan: HealthPlan): void;
  /**
   * Keeps the VIPs away for this reason, whatever the checks say. Undefined ends the hold of this cause, and not those of
   * other causes.
   */
  setHold(reason: string | undefined, by?: HoldCause): void;
  /** Whether the command `drain` keeps the VIPs away, whatever the checks say. */
  setDrain(isOrdered: boolean): void;
  /** Runs these kinds of checks now, because something happened that may change their verdicts. */
  probeNow(kinds: readonly Check["kind"][]): void;
  /** Reads the track file, and writes it if it is not as it should be. For a group that keepalived reports in FAULT. */
  restoreTrackFile(): void;
  /** What an operator should read although the checks are healthy. */
  advice(): string[];
  /** Forgets all verdicts, because the agent was frozen. */
  reset(): void;
}

export function openGroupHealth(options: GroupHealthOptions): GroupHealth {
  const { group, trackFile, onProblem, onUnenforced, log, signal } = options;
  let plan: HealthPlan | undefined;
  let running: readonly RunningCheck[] = [];
  let isHealthy = false;
  let isDrainOrdered = false;
  const holds = new Map<HoldCause, string>();
  let writeProblem: AgentError | undefined;
  let unknownProblem: AgentError | undefined;
  const isAllowed = () => isHealthy && holds.size === 0;
  const writeTrackFile = createTrackFileWriter({
    trackFile,
    isAllowed,
    onResult: (problem) => {
      writeProblem = problem;
      onUnenforced(problem !== undefined && !isAllowed());
      onProblem(writeProblem ?? unknownProblem);
    },
    signal,
  });

  const update = (): void => {
    if (plan === undefined) return;
    const drainedBy = isDrainOrdered ? "command" : plan.drainedBy;
    const isDrained = drainedBy !== undefined;
    const checks = running.map((check) => check.status());
    const isWell = !isDrained && running.every((check) => check.isHealthy);
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
    const heldBy = foremostReason(holds);
    options.onStatus({ isHealthy, isDrained, drainedBy, heldBy, checkIp: checkedAddressOf(plan), checks });
    writeTrackFile();
    unknownProblem = describeUnknown(group, running);
    onProblem(writeProblem ?? unknownProblem);
  };

  const startCheck = (check: Check, by: HealthPlan): RunningCheck => {
    // a check that is added to a healthy host takes the VIPs from it only once it has failed
    const initial: CheckState = isHealthy ? { verdict: "healthy" } : NEVER_CHECKED;
    return openCheck({ ...options, check, initial, plan: by, onChange: update });
  };

  return {
    setPlan: (next) => {
      if (JSON.stringify(next) === JSON.stringify(plan) || signal.aborted) return;
      plan = next;
      const before = new Map(running.map((each) => [JSON.stringify(each.check), each]));
      const wanted = new Set(next.checks.map((check) => JSON.stringify(check)));
      for (const [key, check] of before) {
        if (wanted.has(key)) check.setPlan(next);
        else check.close();
      }
      running = next.checks.map((check) => before.get(JSON.stringify(check)) ?? startCheck(check, next));
      update();
    },
    setHold: (reason, by = "plan") => {
      if (reason === holds.get(by)) return;
      if (reason === undefined) holds.delete(by);
      else holds.set(by, reason);
      const heldBy = foremostReason(holds);
      log.info({ reason: heldBy }, heldBy === undefined ? "no longer held back" : "held back");
      update();
    },
    setDrain: (isOrdered) => {
      isDrainOrdered = isOrdered;
      update();
    },
    probeNow: (kinds) => {
      for (const check of running) if (kinds.includes(check.check.kind)) check.probeNow();
    },
    advice: () => running.flatMap(({ advice }) => (advice === undefined ? [] : [`${group}: ${advice}`])),
    restoreTrackFile: () => {
      trackFile.invalidate();
      writeTrackFile();
    },
    reset: () => {
      for (const check of running) check.reset();
      // the watchdog emptied the file, and only a change is written: so first 0, then the present verdict
      isHealthy = false;
      writeTrackFile();
      update();
    },
  };
}

function describeUnknown(group: string, running: readonly RunningCheck[]): AgentError | undefined {
  const reasons = running.flatMap(({ unknownReason }) => unknownReason ?? []);
  if (reasons.length === 0) return undefined;
  return new AgentError(
    "HEALTH_UNKNOWN",
    `group ${group}: checks without a clear result: ${reasons.join("; ")}`,
  );
}
