/** When a running check probes. */
import pino from "pino";
import { expect, it, onTestFinished, vi } from "vitest";
import { openCheck } from "../../../src/health/io/check.ts";
import type { HealthPlan } from "../../../src/health/plan.ts";
import type { ProbeOutcome } from "../../../src/health/probe-outcome.ts";
import { NEVER_CHECKED } from "../../../src/health/rise-fall.ts";
import { everyTick } from "../../../src/system/io/ticks.ts";

const PACE = { rise: 2, fall: 3, intervalMs: 250, recheckMs: 120, unknownGraceMs: 15_000 };
const WELL: ProbeOutcome = { sample: "healthy", reason: "well", minPauseMs: 1_000 };

/** Each probe takes 7 ms. */
function start(intervalMs: number) {
  vi.useFakeTimers();
  onTestFinished(() => void vi.useRealTimers());
  const stop = new AbortController();
  onTestFinished(() => stop.abort());
  const probesMs: number[] = [];
  const ticksMs: number[] = [];
  everyTick(1_000, () => ticksMs.push(performance.now()), stop.signal);
  let outcome = WELL;
  const check = openCheck({
    check: { kind: "target", questions: [] },
    initial: NEVER_CHECKED,
    plan: { drainedBy: undefined, checks: [], timeoutMs: 1_000, pace: { ...PACE, intervalMs } } as HealthPlan,
    probe: async () => {
      probesMs.push(performance.now());
      await new Promise((resolve) => setTimeout(resolve, 7));
      return outcome;
    },
    onChange: () => undefined,
    log: pino({ level: "silent" }),
    signal: stop.signal,
  });
  const setOutcome = (next: ProbeOutcome) => {
    outcome = next;
  };
  return { check, probesMs, ticksMs, setOutcome };
}

it("probes in a wake-up that is there anyway, once a second, while its probe wants that pause", async () => {
  const { probesMs, ticksMs } = start(250);
  await vi.advanceTimersByTimeAsync(3_000);
  const [before, since] = [probesMs.length, performance.now()];
  await vi.advanceTimersByTimeAsync(10_000);

  expect(probesMs.slice(before)).toEqual(ticksMs.filter((ms) => ms > since));
  expect(probesMs.length - before).toBe(10);
});

it("probes sooner when asked to, and once: the pause before it is taken back", async () => {
  const { check, probesMs } = start(250);
  await vi.advanceTimersByTimeAsync(3_500);
  const before = probesMs.length;
  check.probeNow();
  await vi.advanceTimersByTimeAsync(1);
  expect(probesMs.length).toBe(before + 1);
  await vi.advanceTimersByTimeAsync(2_400);

  expect(probesMs.length).toBe(before + 3);
});

it("keeps to its own pace while it decides, and where CHECK_INTERVAL is longer", async () => {
  const slow = start(2_000);
  await vi.advanceTimersByTimeAsync(20_000);
  const gapsMs = slow.probesMs.slice(1).map((ms, index) => ms - slow.probesMs[index]!);
  expect(gapsMs.every((ms) => ms === 2_007)).toBe(true);

  const { check, setOutcome } = start(250);
  await vi.advanceTimersByTimeAsync(3_000);
  expect(check.isHealthy).toBe(true);
  setOutcome({ ...WELL, sample: "unhealthy" });
  check.probeNow();
  // four probes decide, 0.12 s apart
  await vi.advanceTimersByTimeAsync(4 * 7 + 3 * 120 + 20);
  expect(check.isHealthy).toBe(false);
});
