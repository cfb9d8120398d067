/** One running check of a group: it probes at its own pace, and derives a verdict from the samples. */
import { setTimeout as sleep } from "node:timers/promises";
import type { Logger } from "pino";
import { isTickPeriod } from "../../system/io/ticks.ts";
import { createTrigger } from "../../system/io/trigger.ts";
import type { Check, HealthPlan } from "../plan.ts";
import type { ProbeOutcome } from "../probe-outcome.ts";
import { nextProbe } from "../probe-pace.ts";
import {
  addSample,
  type CheckState,
  isLongUnknown,
  NEVER_CHECKED,
  type ProbeTime,
  reportedVerdict,
} from "../rise-fall.ts";
import type { CheckStatus } from "../status.ts";
import type { HealthProbe } from "./probe.ts";

export interface RunningCheckOptions {
  readonly check: Check;
  /** The state to start with. */
  readonly initial: CheckState;
  readonly plan: HealthPlan;
  readonly probe: HealthProbe;
  /** The verdict, the reported verdict or the reason changed. */
  readonly onChange: () => void;
  readonly log: Logger;
  readonly signal: AbortSignal;
}

export interface RunningCheck {
  readonly check: Check;
  readonly isHealthy: boolean;
  /** `KIND: REASON` while all samples of the grace period were unknown. */
  readonly unknownReason: string | undefined;
  /** Of the last probe. */
  readonly advice: string | undefined;
  status(): CheckStatus;
  /** Takes the pace and the time-out of another plan, and keeps the verdict. */
  setPlan(plan: HealthPlan): void;
  /** Probes as soon as the least spacing of probes allows, so that a burst of events is not a burst of probes. */
  probeNow(): void;
  /** Forgets the verdict, and begins as a new check. */
  reset(): void;
  close(): void;
}

/** Probes until it is closed or the signal aborts. */
export function openCheck(options: RunningCheckOptions): RunningCheck {
  const { check, log } = options;
  let { pace, timeoutMs } = options.plan;
  const closed = new AbortController();
  const signal = AbortSignal.any([options.signal, closed.signal]);
  const trigger = createTrigger(signal);
  let state = options.initial;
  let reason = "not probed yet";
  let isNotJudged = false;
  let since = new Date().toISOString();
  let onset = since;
  let reported: CheckStatus["verdict"] | undefined;
  let advice: string | undefined;

  const probeOnce = async (): Promise<ProbeOutcome> => {
    try {
      return await options.probe(check, timeoutMs, signal);
    } catch (err) {
      // an error of the agent proves nothing about the host, and the next probe may succeed
      if (!signal.aborted) log.error({ err, check: check.kind }, "probe failed");
      return { sample: "unknown", reason: "probe failed" };
    }
  };
  const verdictNow = (): CheckStatus["verdict"] => {
    const verdict = reportedVerdict(state, performance.now(), pace);
    return isNotJudged && verdict === "healthy" ? "unknown" : verdict;
  };
  const takeOutcome = ({ sample, reason: found, ...outcome }: ProbeOutcome, time: ProbeTime): void => {
    const before = { verdict: state.verdict, streak: state.streak, reason, reported };
    state = addSample(state, sample, time, pace);
    reason = found;
    isNotJudged = outcome.isNotJudged ?? false;
    advice = outcome.advice;
    reported = verdictNow();
    if (state.verdict !== before.verdict) {
      const streakMs = before.streak?.sample === sample ? time.endedMs - before.streak.sinceMs : 0;
      since = new Date().toISOString();
      onset = new Date(Date.now() - streakMs).toISOString();
    }
    const hasChanged = state.verdict !== before.verdict || reported !== before.reported;
    if (hasChanged || reason !== before.reason) options.onChange();
  };
  const run = async (): Promise<void> => {
    while (!signal.aborted) {
      const startedMs = performance.now();
      const outcome = await probeOnce();
      if (signal.aborted) return;
      const time = { startedMs, endedMs: performance.now() };
      takeOutcome(outcome, time);
      const isDeciding = state.streak !== undefined || state.verdict === undefined;
      const pauseMs = isDeciding ? 0 : (outcome.minPauseMs ?? 0);
      const dueMs = Math.max(nextProbe(state, time, pace).dueMs, time.endedMs + pauseMs);
      // a pause that the probe chose ends with what else the agent does each second: a wake-up costs most of it
      if (isTickPeriod(pauseMs) && dueMs === time.endedMs + pauseMs) trigger.fireAtTick(pauseMs);
      else trigger.fireIn(dueMs - performance.now());
      await trigger.wait();
      await sleepUntil(nextProbe(state, time, pace).earliestMs, signal);
    }
  };
  void run();

  return {
    check,
    get isHealthy() {
      return state.verdict === "healthy";
    },
    get unknownReason() {
      const { kind } = check;
      return isLongUnknown(state, performance.now(), pace) ? `${kind}: ${reason}` : undefined;
    },
    get advice() {
      return advice;
    },
    status: () => ({
      name: check.kind,
      verdict: verdictNow(),
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
    close: () => closed.abort(),
  };
}

/** Returns no earlier than at `untilMs`, unless the signal aborts: a timer alone may fire a millisecond early. */
async function sleepUntil(untilMs: number, signal: AbortSignal): Promise<void> {
  for (;;) {
    const pauseMs = Math.ceil(untilMs - performance.now());
    if (pauseMs <= 0 || signal.aborted) return;
    await sleep(pauseMs, undefined, { signal }).catch(() => undefined);
  }
}
