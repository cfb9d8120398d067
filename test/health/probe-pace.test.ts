import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { nextProbe } from "../../src/health/probe-pace.ts";
import {
  addSample,
  type CheckState,
  NEVER_CHECKED,
  type ProbeTime,
  type RiseFall,
} from "../../src/health/rise-fall.ts";

const PACE: RiseFall = { rise: 4, fall: 3, intervalMs: 250, recheckMs: 120, unknownGraceMs: 15_000 };
const HEALTHY: CheckState = { verdict: "healthy" };
const UNHEALTHY: CheckState = { verdict: "unhealthy" };

interface Fall {
  readonly times: readonly ProbeTime[];
  /** The end of the probe that decided it. */
  readonly decidedMs: number;
}

/** Probes of a lost port, each as soon as it is due, or as soon as one of the events at these times allows. */
function fall(lengthsMs: (index: number) => number, pace = PACE, eventsMs: readonly number[] = []): Fall {
  const times: ProbeTime[] = [];
  let state = HEALTHY;
  for (let startedMs = 0; ; ) {
    const time = { startedMs, endedMs: startedMs + lengthsMs(times.length) };
    times.push(time);
    state = addSample(state, "unhealthy", time, pace);
    if (state.verdict === "unhealthy") return { times, decidedMs: time.endedMs };
    const { earliestMs, dueMs } = nextProbe(state, time, pace);
    const event = eventsMs.find((eventMs) => eventMs > startedMs) ?? Number.POSITIVE_INFINITY;
    startedMs = Math.min(dueMs, Math.max(event, earliestMs));
  }
}

describe("while a fall is being decided", () => {
  it.each([
    { what: "no time", lengthMs: 0, want: 360 },
    { what: "40 ms", lengthMs: 40, want: 440 },
    { what: "60 ms, half of the spacing", lengthMs: 60, want: 480 },
  ])("the length of a probe counts twice, not at each probe: $what", ({ lengthMs, want }) => {
    const { times, decidedMs } = fall(() => lengthMs);

    expect(decidedMs).toBe(want);
    expect(times).toHaveLength(4);
    const starts = times.map(({ startedMs }) => startedMs);
    expect(starts).toEqual([0, 120, 240, 360].map((ms) => (ms === 0 ? 0 : ms + lengthMs)));
  });

  it("a first probe that takes longer, because it reads more, delays it by its length", () => {
    expect(fall((index) => (index === 0 ? 100 : 20)).decidedMs).toBe(100 + 360 + 20);
  });

  it("with CHECK_FALL=1 the second probe decides", () => {
    const { times, decidedMs } = fall(() => 40, { ...PACE, fall: 1 });

    expect(times).toHaveLength(2);
    expect(decidedMs).toBe(40 + 120 + 40);
  });

  it.each([
    { what: "takes 100 ms rests for 100 ms", lengthMs: 100, restMs: 100 },
    { what: "takes 1 s rests for 0.12 s", lengthMs: 1_000, restMs: 120 },
  ])("a probe that $what", ({ lengthMs, restMs }) => {
    const { times } = fall(() => lengthMs);
    const rests = times.slice(1).map(({ startedMs }, index) => startedMs - (times[index]?.endedMs ?? 0));

    expect(rests.slice(1)).toEqual(rests.slice(1).map(() => restMs));
    expect(rests[0]).toBe(120);
  });

  it("a check with a shorter interval is probed at that interval", () => {
    const state = addSample(HEALTHY, "unhealthy", { startedMs: 0, endedMs: 0 }, PACE);

    expect(nextProbe(state, { startedMs: 0, endedMs: 0 }, { ...PACE, intervalMs: 50 }).dueMs).toBe(50);
  });

  it.each([1, 3])("an event makes it no longer with CHECK_FALL=%d, whenever it comes", (count) => {
    const pace = { ...PACE, fall: count };
    const times = Array.from(
      { length: count * 120 },
      (_, eventMs) => fall(() => 0, pace, [eventMs]).decidedMs,
    );

    expect(new Set(times)).toEqual(new Set([count * 120]));
  });

  it("probes take half of the time at most, or are no less than 0.12 s apart", () => {
    fc.assert(
      fc.property(
        fc.array(fc.nat(400), { minLength: 10, maxLength: 10 }),
        fc.array(fc.nat(3000)),
        (all, events) => {
          const { times } = fall(
            (index) => all[index % all.length] ?? 0,
            { ...PACE, fall: 8 },
            events.toSorted((a, b) => a - b),
          );
          for (const [index, { startedMs }] of times.slice(1).entries()) {
            const before = times[index]!;
            const restMs = startedMs - before.endedMs;

            expect(restMs).toBeGreaterThanOrEqual(
              Math.min(before.endedMs - before.startedMs, PACE.recheckMs),
            );
            expect(startedMs - before.startedMs).toBeGreaterThanOrEqual(PACE.recheckMs);
          }
        },
      ),
    );
  });
});

describe("at any other time", () => {
  it.each([
    { what: "healthy", state: HEALTHY },
    { what: "unhealthy", state: UNHEALTHY },
    { what: "never checked", state: NEVER_CHECKED },
  ])("the interval begins at the end of a probe: $what", ({ state }) => {
    expect(nextProbe(state, { startedMs: 0, endedMs: 40 }, PACE).dueMs).toBe(290);
  });

  it("an event is answered a little earlier than by the pace of a fall", () => {
    const last = { startedMs: 0, endedMs: 40 };

    expect(nextProbe(HEALTHY, last, PACE).earliestMs).toBe(148);
    expect(nextProbe(HEALTHY, last, { ...PACE, intervalMs: 50 }).earliestMs).toBe(85);
  });
});
