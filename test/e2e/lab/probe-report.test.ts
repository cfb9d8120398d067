import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type Probe, reportOf } from "./probe-report.ts";

const INTERVAL_MS = 5;

/** One letter a probe, every 5 ms from 1000 ms on: who answered, or `.` for nobody. */
function probes(text: string): Probe[] {
  return [...text].map((letter, index) => ({
    sentAtMs: 1_000 + index * INTERVAL_MS,
    by: letter === "." ? null : letter,
    roundTripMs: letter === "." ? 1_000 : 0,
  }));
}

describe("reportOf", () => {
  it.each([
    { why: "nothing lost", text: "aaaa", silence: 0, lost: 0 },
    { why: "one lost", text: "aa.aa", silence: 5, lost: 1 },
    { why: "the longest counts", text: "a.a...a..a", silence: 15, lost: 6 },
    { why: "a change of the host is no silence by itself", text: "aabb", silence: 0, lost: 0 },
    { why: "silent until the first answer", text: "...aa", silence: 15, lost: 3 },
    { why: "silent from the last answer to the last probe", text: "aa...", silence: 15, lost: 3 },
    { why: "never answered", text: "....", silence: 15, lost: 4 },
    { why: "a lone answer", text: "a", silence: 0, lost: 0 },
    { why: "no probe at all", text: "", silence: 0, lost: 0 },
  ])("$why: $text is silent for $silence ms", ({ text, silence, lost }) => {
    const report = reportOf(probes(text), INTERVAL_MS, 0);

    expect(report.longestSilenceMs).toBe(silence);
    expect(report).toMatchObject({ sent: text.length, lost, answered: text.length - lost });
  });

  it("counts answers that came late, because a host held the questions back, as a silence", () => {
    const late = probes("aaabbbb").map((probe, index) =>
      index === 3 || index === 4 ? { ...probe, roundTripMs: 1_025 - probe.sentAtMs } : probe,
    );

    expect(reportOf(late, INTERVAL_MS, 0).longestSilenceMs).toBe(10);
  });

  it("tells when each silence over the threshold began, and between whom", () => {
    expect(reportOf(probes("a.aa...b"), INTERVAL_MS, 10).silences).toEqual([
      { fromMs: 1_015, durationMs: 15, before: "a", after: "b" },
    ]);
  });

  it("tells who answered when", () => {
    const report = reportOf(probes("aa.ab.bb"), INTERVAL_MS, 0);

    expect(report.answersBy).toEqual({ a: 3, b: 3 });
    expect(report.turns).toEqual([
      { host: "a", fromMs: 1_000, toMs: 1_015, answers: 3 },
      { host: "b", fromMs: 1_020, toMs: 1_035, answers: 3 },
    ]);
  });

  it("owns up to a pause of the prober itself", () => {
    const [first, second] = probes("aa");

    const report = reportOf([first!, { ...second!, sentAtMs: 1_105 }], INTERVAL_MS, 0);

    expect(report.longestPauseMs).toBe(100);
  });

  it("does not depend on the order in which the fates of the probes became known", () => {
    const series = fc
      .array(fc.constantFrom("a", "b", "."), { maxLength: 40 })
      .map((all) => probes(all.join("")));
    const shuffled = series.chain((list) =>
      fc.tuple(fc.constant(list), fc.shuffledSubarray(list, { minLength: list.length })),
    );

    fc.assert(
      fc.property(shuffled, ([list, other]) => {
        expect(reportOf(other, INTERVAL_MS, 0)).toEqual(reportOf(list, INTERVAL_MS, 0));
      }),
    );
  });
});
