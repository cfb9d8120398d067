/**
 * The health of a group on this host: its checks, each looked at in its own time, become one word in a track file
 * that keepalived watches. A host that cannot serve its VIPs is in FAULT there, and the VIPs leave it.
 */
import type { Logger } from "pino";
import type { CheckOutcome } from "../core/check-outcome.ts";
import type { Check, HealthPlan } from "../core/health-plan.ts";
import {
  type CheckState,
  foldVerdict,
  NEVER_CHECKED,
  nextLookMs,
  reportedVerdict,
} from "../core/rise-fall.ts";
import type { CheckStatus, HealthStatus } from "../core/status.ts";
import type { TrackFile } from "../io/track-file.ts";
import { type Bell, createBell } from "./bell.ts";

/** Looks once at what a check is about; never rejects but on abort. */
export type Look = (check: Check, timeoutMs: number, signal: AbortSignal) => Promise<Looked>;

export interface Looked extends CheckOutcome {
  /** How long no look is needed while nothing is being decided, ms: every change is told. */
  readonly restMs?: number;
}

export interface HealthOptions {
  readonly trackFile: TrackFile;
  readonly look: Look;
  readonly onStatus: (status: HealthStatus) => void;
  readonly log: Logger;
  readonly signal: AbortSignal;
}

export interface Health {
  /** Follows this plan from now on; a check that stays keeps its verdict. */
  follow(plan: HealthPlan): void;
  /** Something happened that may matter: looks at once. */
  lookNow(): void;
  /** The agent was frozen: what it knew is no longer known. */
  forget(): void;
}

interface Followed {
  readonly check: Check;
  readonly bell: Bell;
  readonly stop: AbortController;
  state: CheckState;
  reason: string;
  since: string;
}

export function watchHealth(options: HealthOptions): Health {
  const { trackFile, log, signal } = options;
  let plan: HealthPlan | undefined;
  let followed = new Map<string, Followed>();
  let isHealthy = false;

  const write = (): void => {
    trackFile.set(isHealthy).catch((err: unknown) => log.error({ err }, "health was not written"));
  };

  const conclude = (): void => {
    if (plan === undefined) return;
    const { isDrained, pace } = plan;
    const nowMs = performance.now();
    const checks = [...followed.values()].map(({ check, state, reason, since }): CheckStatus => {
      return { name: check.kind, verdict: reportedVerdict(state, nowMs, pace), reason, since };
    });
    const isWell = !isDrained && [...followed.values()].every(({ state }) => state.verdict === "healthy");
    if (isWell !== isHealthy) {
      isHealthy = isWell;
      const reasons = checks
        .filter(({ verdict }) => verdict !== "healthy")
        .map(({ name, reason }) => `${name}: ${reason}`);
      log.info({ isHealthy, reasons: isDrained ? ["drain", ...reasons] : reasons }, "health changed");
    }
    options.onStatus({ isHealthy, isDrained, checks });
    write();
  };

  const observe = (it: Followed, { sample, reason }: CheckOutcome, pace: HealthPlan["pace"]): void => {
    const before = it.state.verdict;
    const hadReason = it.reason;
    it.state = foldVerdict(it.state, sample, performance.now(), pace);
    it.reason = reason;
    if (it.state.verdict !== before) it.since = new Date().toISOString();
    if (it.state.verdict !== before || hadReason !== reason) conclude();
  };

  const run = async (it: Followed): Promise<void> => {
    const stopping = AbortSignal.any([signal, it.stop.signal]);
    while (!stopping.aborted && plan !== undefined) {
      const { timeoutMs, pace } = plan;
      const looked = await options.look(it.check, timeoutMs, stopping);
      observe(it, looked, pace);
      const isDeciding = it.state.streak !== undefined || it.state.verdict === undefined;
      it.bell.ringIn(Math.max(nextLookMs(it.state, pace), isDeciding ? 0 : (looked.restMs ?? 0)));
      await it.bell.rung();
    }
  };

  const start = (check: Check): Followed => {
    const stop = new AbortController();
    // a check that is added to a healthy host takes the VIP from it only once it failed
    const state: CheckState = isHealthy ? { verdict: "healthy" } : NEVER_CHECKED;
    const since = new Date().toISOString();
    const it = {
      check,
      stop,
      bell: createBell(AbortSignal.any([signal, stop.signal])),
      state,
      reason: "not looked at yet",
      since,
    };
    run(it).catch((err: unknown) => {
      if (!signal.aborted && !stop.signal.aborted) log.error({ err, check: check.kind }, "check ended");
    });
    return it;
  };

  return {
    follow: (next) => {
      const isSame = JSON.stringify(next) === JSON.stringify(plan);
      if (isSame || signal.aborted) return;
      plan = next;
      const wanted = new Map(next.checks.map((check) => [JSON.stringify(check), check]));
      for (const [key, it] of followed) if (!wanted.has(key)) it.stop.abort();
      followed = new Map([...wanted].map(([key, check]) => [key, followed.get(key) ?? start(check)]));
      conclude();
    },
    lookNow: () => {
      for (const it of followed.values()) it.bell.ring();
    },
    forget: () => {
      for (const it of followed.values()) it.state = NEVER_CHECKED;
      // the file holds nothing, whatever was written last: only a change is written
      isHealthy = false;
      write();
      conclude();
      for (const it of followed.values()) it.bell.ring();
    },
  };
}
