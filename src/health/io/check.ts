/** One check of a group: looked at in its own time, its samples folded into a verdict. */
import { setTimeout as sleep } from "node:timers/promises";
import type { Logger } from "pino";
import { createTrigger } from "../../system/io/trigger.ts";
import type { Check, HealthPlan } from "../plan.ts";
import type { ProbeOutcome } from "../probe-outcome.ts";
import {
  type CheckState,
  foldVerdict,
  isLongUnknown,
  NEVER_CHECKED,
  nextProbeMs,
  reportedVerdict,
} from "../rise-fall.ts";
import type { CheckStatus } from "../status.ts";
import type { HealthProbe } from "./probe.ts";

export interface RunningCheckOptions {
  readonly check: Check;
  /** The verdict to start with. */
  readonly initial: CheckState;
  readonly plan: HealthPlan;
  readonly probe: HealthProbe;
  /** The verdict, its reason, or what is reported of it changed. */
  readonly onChange: () => void;
  readonly log: Logger;
  readonly signal: AbortSignal;
}

export interface RunningCheck {
  readonly check: Check;
  readonly isHealthy: boolean;
  /** Why nothing definite has been seen for long, or undefined where it has. */
  readonly trouble: string | undefined;
  status(): CheckStatus;
  /** Goes on in the pace of another plan. */
  setPlan(plan: HealthPlan): void;
  /** Looks as soon as may be: events in a burst do not make a burst of looks. */
  probeNow(): void;
  /** What was known is no longer known. */
  reset(): void;
  close(): void;
}

/** Looks until it is stopped. */
export function openCheck(options: RunningCheckOptions): RunningCheck {
  const { check, log } = options;
  let { pace, timeoutMs } = options.plan;
  const stopped = new AbortController();
  const signal = AbortSignal.any([options.signal, stopped.signal]);
  const trigger = createTrigger(signal);
  let state = options.initial;
  let reason = "not looked at yet";
  let since = new Date().toISOString();
  let onset = since;
  let reported: CheckStatus["verdict"] | undefined;

  const lookOnce = async (): Promise<ProbeOutcome> => {
    try {
      return await options.probe(check, timeoutMs, signal);
    } catch (err) {
      // a fault of ours is no fault of the host; the next look may do better
      if (!signal.aborted) log.error({ err, check: check.kind }, "look failed");
      return { sample: "unknown", reason: "look failed" };
    }
  };
  const observe = ({ sample, reason: seen }: ProbeOutcome): void => {
    const before = { verdict: state.verdict, streak: state.streak, reason, reported };
    state = foldVerdict(state, sample, performance.now(), pace);
    reason = seen;
    reported = reportedVerdict(state, performance.now(), pace);
    if (state.verdict !== before.verdict) {
      const streakMs = before.streak?.sample === sample ? performance.now() - before.streak.sinceMs : 0;
      since = new Date().toISOString();
      onset = new Date(Date.now() - streakMs).toISOString();
    }
    const isNews = state.verdict !== before.verdict || reported !== before.reported;
    if (isNews || reason !== before.reason) options.onChange();
  };
  const run = async (): Promise<void> => {
    while (!signal.aborted) {
      const looked = await lookOnce();
      if (signal.aborted) return;
      const lookedMs = performance.now();
      observe(looked);
      const isDeciding = state.streak !== undefined || state.verdict === undefined;
      trigger.fireIn(Math.max(nextProbeMs(state, pace), isDeciding ? 0 : (looked.minPauseMs ?? 0)));
      await trigger.wait();
      const restMs = lookedMs + Math.min(pace.recheckMs, pace.intervalMs) * 0.9 - performance.now();
      if (restMs > 0) await sleep(restMs, undefined, { signal }).catch(() => undefined);
    }
  };
  void run();

  return {
    check,
    get isHealthy() {
      return state.verdict === "healthy";
    },
    get trouble() {
      const { kind } = check;
      return isLongUnknown(state, performance.now(), pace) ? `${kind}: ${reason}` : undefined;
    },
    status: () => ({
      name: check.kind,
      verdict: reportedVerdict(state, performance.now(), pace),
      reason,
      since,
      onset,
    }),
    setPlan: (plan) => {
      ({ pace, timeoutMs } = plan);
      trigger.fire();
    },
    probeNow: trigger.fire,
    reset: () => {
      state = NEVER_CHECKED;
      trigger.fire();
    },
    close: () => stopped.abort(),
  };
}
