/** When a check really probes while a fall is being decided: with timers, and probes that take time. */
import { setTimeout as sleep } from "node:timers/promises";
import pino from "pino";
import { afterEach, expect, it } from "vitest";
import { openCheck, type RunningCheck } from "../../../src/health/io/check.ts";
import type { RiseFall } from "../../../src/health/rise-fall.ts";

const stops: AbortController[] = [];
afterEach(() => {
  for (const stop of stops.splice(0)) stop.abort();
});

interface Probe {
  readonly startedMs: number;
  readonly endedMs: number;
}

/** A check of a healthy host whose probes fail from now on, each after this time. */
function failing(lengthMs: (index: number) => number, pace: Omit<RiseFall, "rise" | "unknownGraceMs">) {
  const stop = new AbortController();
  stops.push(stop);
  const probes: Probe[] = [];
  let started = 0;
  const decision = Promise.withResolvers<Probe | undefined>();
  const check: RunningCheck = openCheck({
    check: { kind: "script", script: "false" },
    initial: { verdict: "healthy" },
    plan: {
      drainedBy: undefined,
      checks: [],
      timeoutMs: 1_000,
      pace: { rise: 1, unknownGraceMs: 15_000, ...pace },
    },
    probe: async () => {
      const startedMs = performance.now();
      started += 1;
      await sleep(lengthMs(started - 1));
      probes.push({ startedMs, endedMs: performance.now() });
      return { sample: "unhealthy", reason: "failed" };
    },
    onChange: () => {
      if (!check.isHealthy) decision.resolve(probes.at(-1));
    },
    log: pino({ level: "silent" }),
    signal: stop.signal,
  });
  /** From the end of each probe to the start of the next one, ms. */
  const pauses = () =>
    probes.slice(1).map(({ startedMs }, index) => startedMs - (probes[index]?.endedMs ?? Number.NaN));
  return { check, probes, pauses, decision: decision.promise };
}

it("counts the time between two probes of a fall from the start of a probe", async () => {
  const { pauses } = failing(() => 150, { fall: 1_000, intervalMs: 300, recheckMs: 300 });

  // a busy machine makes some of them longer
  await expect.poll(() => Math.min(...pauses()), { timeout: 30_000 }).toBeLessThan(300);
});

it("does not run a slow probe back to back", async () => {
  const { pauses } = failing(() => 400, { fall: 1_000, intervalMs: 200, recheckMs: 200 });

  await expect.poll(() => pauses().length).toBeGreaterThanOrEqual(4);
  expect(Math.min(...pauses())).toBeGreaterThanOrEqual(200);
});

it("decides no earlier than after the whole time of a fall, whatever probes take and events ask", async () => {
  const pace = { fall: 3, intervalMs: 100, recheckMs: 100 };
  const { check, probes, decision } = failing((index) => (index === 0 ? 150 : 1), pace);
  const events = setInterval(check.probeNow, 5);
  const decisive = await decision;
  clearInterval(events);

  expect((decisive?.startedMs ?? 0) - (probes[0]?.endedMs ?? 0)).toBeGreaterThanOrEqual(300);
});
