import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { nextProbe } from "../../src/health/probe-pace.ts";
import {
  addSample,
  type CheckState,
  NEVER_CHECKED,
  type ProbeSample,
  type ProbeTime,
  type RiseFall,
  reportedVerdict,
} from "../../src/health/rise-fall.ts";

/** The defaults: looks every 0.25 s, every 0.12 s while a fall is being decided. */
const PACE: RiseFall = { rise: 4, fall: 3, intervalMs: 250, recheckMs: 120, unknownGraceMs: 15_000 };
const HEALTHY: CheckState = { verdict: "healthy" };
const UNHEALTHY: CheckState = { verdict: "unhealthy" };

type Timed = readonly [atMs: number, sample: ProbeSample];

/** A probe that takes no time. */
const at = (nowMs: number): ProbeTime => ({ startedMs: nowMs, endedMs: nowMs });

function fold(start: CheckState, samples: readonly Timed[], pace = PACE): CheckState {
  return samples.reduce((state, [atMs, sample]) => addSample(state, sample, at(atMs), pace), start);
}

/** The times at which the verdict changes when the check is looked at as it wants to be, ms from 0 to `endMs`. */
function transitions(start: CheckState, sampleAt: (nowMs: number) => ProbeSample, endMs: number): number[] {
  const changes: number[] = [];
  let state = start;
  for (let nowMs = 0; nowMs <= endMs; nowMs = nextProbe(state, at(nowMs), PACE).dueMs) {
    const next = addSample(state, sampleAt(nowMs), at(nowMs), PACE);
    if (next.verdict !== state.verdict) changes.push(nowMs);
    state = next;
  }
  return changes;
}

const every = (stepMs: number, sample: ProbeSample, count: number): Timed[] =>
  Array.from({ length: count }, (_, i) => [i * stepMs, sample]);

describe("the first verdict", () => {
  const badThenUnknown: Timed[] = [[0, "unhealthy"], ...every(250, "unknown", 240)];

  it.each([
    { what: "no sample", samples: [], want: undefined },
    { what: "one good sample", samples: every(250, "healthy", 1), want: undefined },
    { what: "one less than rise", samples: every(250, "healthy", 3), want: undefined },
    { what: "rise good samples", samples: every(250, "healthy", 4), want: "healthy" },
    { what: "one bad sample", samples: every(250, "unhealthy", 1), want: "unhealthy" },
    { what: "unknown for less than the grace", samples: every(250, "unknown", 60), want: undefined },
    { what: "unknown for the grace", samples: every(250, "unknown", 61), want: "healthy" },
    { what: "one bad sample, then unknown", samples: badThenUnknown, want: "unhealthy" },
  ])("after $what is $want", ({ samples, want }) => {
    expect(fold(NEVER_CHECKED, samples).verdict).toBe(want);
  });
});

describe("a burst of probes", () => {
  it("counts as one sample towards healthy", () => {
    expect(fold(UNHEALTHY, every(10, "healthy", 22)).verdict).toBe("unhealthy");
    expect(fold(NEVER_CHECKED, every(10, "healthy", 22)).verdict).toBeUndefined();
  });

  it("counts as one sample towards unhealthy, also when it comes late", () => {
    const burst = every(5, "unhealthy", 10).map(([atMs, sample]): Timed => [1000 + atMs, sample]);

    expect(fold(HEALTHY, [[0, "unhealthy"], ...burst]).verdict).toBe("healthy");
  });

  it("does not delay a decision that probes at the usual times reach", () => {
    const looks = [0, 5, 120, 125, 240, 245, 360].map((atMs): Timed => [atMs, "unhealthy"]);

    expect(fold(HEALTHY, looks.slice(0, -1)).verdict).toBe("healthy");
    expect(fold(HEALTHY, looks).verdict).toBe("unhealthy");
  });
});

describe("a fall", () => {
  it("is decided 0.36 s after the first bad sample, at the defaults", () => {
    expect(transitions(HEALTHY, () => "unhealthy", 2000)).toEqual([360]);
  });

  it.each([1, 2, 3, 10])("of %i is decided by the bad probe after that many, at the usual pace", (fall) => {
    const looks = every(PACE.recheckMs, "unhealthy", fall + 1);

    expect(fold(HEALTHY, looks.slice(0, -1), { ...PACE, fall }).verdict).toBe("healthy");
    expect(fold(HEALTHY, looks, { ...PACE, fall }).verdict).toBe("unhealthy");
  });

  it("starts again after a good sample", () => {
    const samples: Timed[] = [
      [0, "unhealthy"],
      [120, "unhealthy"],
      [240, "unhealthy"],
      [300, "healthy"],
      [420, "unhealthy"],
      [540, "unhealthy"],
    ];
    expect(fold(HEALTHY, samples)).toMatchObject({ verdict: "healthy", streak: { count: 2 } });
  });

  it.each([
    { what: "starts 0.36 s after the first one ended", lastStartMs: 440, want: "unhealthy" },
    { what: "ends, but did not start, 0.36 s after the first one ended", lastStartMs: 439, want: "healthy" },
  ])("is decided only by a probe that $what", ({ lastStartMs, want }) => {
    const times = [0, 200, 320, lastStartMs].map((startedMs) => ({ startedMs, endedMs: startedMs + 80 }));
    const state = times.reduce((before, time) => addSample(before, "unhealthy", time, PACE), HEALTHY);

    expect(state.verdict).toBe(want);
  });
});

it("a rise is decided in the time of rise samples", () => {
  expect(transitions(UNHEALTHY, () => "healthy", 5000)).toEqual([750]);
});

describe("unknown samples", () => {
  it("hold the verdict, and are reported after the grace", () => {
    const before = fold(HEALTHY, [[1000, "unknown"]]);
    const after = fold(before, [[16_000, "unknown"]]);

    expect(reportedVerdict(before, 15_999, PACE)).toBe("healthy");
    expect(reportedVerdict(after, 16_000, PACE)).toBe("unknown");
    expect(after.verdict).toBe("healthy");
    expect(reportedVerdict(fold(after, [[16_250, "healthy"]]), 16_250, PACE)).toBe("healthy");
  });

  it("stay what is reported where a first verdict was only assumed, and one bad sample does not end it", () => {
    const assumed = fold(NEVER_CHECKED, every(250, "unknown", 61));

    expect(reportedVerdict(assumed, 15_000, PACE)).toBe("unknown");
    expect(fold(assumed, [[15_250, "unhealthy"]]).verdict).toBe("healthy");
    expect(transitions(assumed, () => "unhealthy", 2_000)).toEqual([360]);
  });

  it("are what is reported before the first verdict", () => {
    expect(reportedVerdict(NEVER_CHECKED, 0, PACE)).toBe("unknown");
    expect(reportedVerdict(fold(NEVER_CHECKED, [[0, "healthy"]]), 0, PACE)).toBe("unknown");
  });

  it("neither count towards a fall nor end one", () => {
    const samples: Timed[] = [
      [0, "unhealthy"],
      [120, "unknown"],
      [240, "unhealthy"],
      [360, "unknown"],
    ];
    expect(fold(HEALTHY, samples).verdict).toBe("healthy");
    expect(fold(HEALTHY, [...samples, [480, "unhealthy"]]).verdict).toBe("unhealthy");
  });
});

describe("samples in a row", () => {
  it.each([
    { what: "360 ms", gapMs: 360, want: "unhealthy" },
    { what: "361 ms", gapMs: 361, want: "healthy" },
    { what: "an hour", gapMs: 3_600_000, want: "healthy" },
  ])("with $what of unknown ones in between lead a healthy check to $want", ({ gapMs, want }) => {
    const unknown: Timed[] = [
      [240, "unknown"],
      [240 + gapMs, "unknown"],
    ];
    const samples: Timed[] = [...every(120, "unhealthy", 2), ...unknown, [240 + gapMs, "unhealthy"]];

    expect(fold(HEALTHY, samples).verdict).toBe(want);
    expect(fold(HEALTHY, samples.slice(0, -2).concat(samples.slice(-1))).verdict).toBe(want);
  });

  it("are counted anew after a while of unknown ones, also towards healthy, at the usual pace", () => {
    const fallen = fold(HEALTHY, [...every(120, "unhealthy", 2), [240, "unknown"], [601, "unknown"]]);
    const risen = fold(UNHEALTHY, [...every(250, "healthy", 3), [750, "unknown"], [2_000, "healthy"]]);

    expect(fallen.streak).toBeUndefined();
    expect(risen).toMatchObject({ verdict: "unhealthy", streak: { count: 1 } });
  });
});

const PACES = fc.record({
  rise: fc.integer({ min: 1, max: 10 }),
  fall: fc.integer({ min: 1, max: 10 }),
  intervalMs: fc.integer({ min: 50, max: 5000 }),
  recheckMs: fc.integer({ min: 50, max: 1000 }),
  unknownGraceMs: fc.constant(15_000),
});
const SAMPLES = fc.array(fc.constantFrom<ProbeSample>("healthy", "unhealthy", "unknown"), { maxLength: 60 });

/** Samples at irregular times, from far apart to a burst. */
const timed = (samples: fc.Arbitrary<ProbeSample[]>) =>
  samples.chain((list) =>
    fc
      .array(fc.oneof(fc.nat(3), fc.nat(300)), { minLength: list.length, maxLength: list.length })
      .map((gaps) => {
        let atMs = 0;
        return list.map((sample, i): Timed => {
          atMs += gaps[i] ?? 0;
          return [atMs, sample];
        });
      }),
  );

describe("properties", () => {
  it("a gap that is shorter than fall times recheckMs changes nothing, however it is probed", () => {
    const looks = fc.array(fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }), { maxLength: 50 });
    fc.assert(
      fc.property(PACES, looks, (pace, parts) => {
        const times = parts.map((part) => part * pace.fall * pace.recheckMs).toSorted((a, b) => a - b);
        const gap = times.map((atMs): Timed => [atMs, "unhealthy"]);

        expect(fold(HEALTHY, gap, pace).verdict).toBe("healthy");
      }),
    );
  });

  it("nor does one that probes of any length find, each at some moment between its start and its end", () => {
    const lengths = fc.array(
      fc.record({ lengthMs: fc.nat(500), part: fc.double({ min: 0, max: 1, noNaN: true }) }),
    );
    fc.assert(
      fc.property(PACES, lengths, fc.nat(1000), (pace, probes, gapStartMs) => {
        const gapEndMs = gapStartMs + pace.fall * pace.recheckMs - 1;
        let state = HEALTHY;
        let nowMs = 0;
        for (const { lengthMs, part } of probes) {
          const time = { startedMs: nowMs, endedMs: nowMs + lengthMs };
          const seenMs = nowMs + part * lengthMs;
          const isGap = seenMs >= gapStartMs && seenMs <= gapEndMs;
          state = addSample(state, isGap ? "unhealthy" : "healthy", time, pace);
          nowMs = nextProbe(state, time, pace).earliestMs;

          expect(state.verdict).toBe("healthy");
        }
      }),
    );
  });

  it("unknown samples do not change the verdict", () => {
    fc.assert(
      fc.property(timed(SAMPLES), timed(SAMPLES), PACES, (before, unknown, pace) => {
        const { verdict } = fold(NEVER_CHECKED, before, pace);
        fc.pre(verdict !== undefined);
        const startMs = before.at(-1)?.[0] ?? 0;
        const later = unknown.map(([atMs]): Timed => [startMs + atMs * 1000, "unknown"]);

        expect(fold(fold(NEVER_CHECKED, before, pace), later, pace).verdict).toBe(verdict);
      }),
    );
  });

  it("healthy takes rise good samples since the last bad one", () => {
    fc.assert(
      fc.property(timed(SAMPLES), PACES, (samples, pace) => {
        let state = NEVER_CHECKED;
        let goodInARow = 0;
        for (const [atMs, sample] of samples) {
          const next = addSample(state, sample, at(atMs), pace);
          goodInARow = sample === "unhealthy" ? 0 : goodInARow + Number(sample === "healthy");
          if (next.verdict !== state.verdict && next.verdict === "healthy") {
            expect(goodInARow).toBeGreaterThanOrEqual(pace.rise);
          }
          state = next;
        }
      }),
    );
  });

  it("what lasts is seen, wherever the check was", () => {
    fc.assert(
      fc.property(timed(SAMPLES), fc.constantFrom("healthy", "unhealthy"), (samples, lasting) => {
        const startMs = (samples.at(-1)?.[0] ?? 0) + PACE.intervalMs;
        const long = every(PACE.intervalMs, lasting, 8).map(([atMs, s]): Timed => [startMs + atMs, s]);

        expect(fold(fold(NEVER_CHECKED, samples), long).verdict).toBe(lasting);
      }),
    );
  });
});

describe("random failures, two minutes at a time", () => {
  /** Numbers in [0, 1), the same in every run (mulberry32). */
  function randomFrom(seed: number): () => number {
    let state = seed;
    return () => {
      state = (state + 0x6d2b79f5) | 0;
      let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
      mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
      return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
    };
  }

  it("that never come twice in a row move nothing", () => {
    let wasBad = false;
    const random = randomFrom(1);
    const sampleAt = (): ProbeSample => {
      wasBad = !wasBad && random() < 0.3;
      return wasBad ? "unhealthy" : "healthy";
    };

    expect(transitions(HEALTHY, sampleAt, 120_000)).toEqual([]);
  });

  it("of 30 % of all requests move nothing where a sample is bad only after three of them", () => {
    const random = randomFrom(2);
    const sampleAt = (): ProbeSample =>
      [random(), random(), random()].every((one) => one < 0.3) ? "unhealthy" : "healthy";
    const runs = Array.from({ length: 200 }, () => transitions(HEALTHY, sampleAt, 120_000).length);

    expect(runs.filter((count) => count > 0)).toEqual([]);
  });
});
