/** When the page takes its agent for gone. */
import { expect, it } from "vitest";
import { elapsedMs, phaseOf, pollMs } from "../../templates/page/freshness.js";

const at = (wallMs: number, monotonicMs = wallMs) => ({ wallMs, monotonicMs });
const heardAt = (ms: number) => ({ opened: at(0), heard: at(ms), isBroken: false });

it.each([
  { why: "it was heard 20 s ago", link: heardAt(0), now: at(20_000), phase: "live" },
  { why: "it was heard before that", link: heardAt(0), now: at(20_001), phase: "lost" },
  { why: "the connection is broken", link: { ...heardAt(0), isBroken: true }, now: at(1), phase: "lost" },
  { why: "the clock was set back", link: heardAt(0), now: at(-3_600_000, 20_001), phase: "lost" },
  { why: "the laptop slept", link: heardAt(0), now: at(3_600_000, 10), phase: "lost" },
  {
    why: "it has not been heard yet",
    link: { opened: at(0), heard: undefined, isBroken: false },
    now: at(19_000),
    phase: "connecting",
  },
  {
    why: "it was never heard",
    link: { opened: at(0), heard: undefined, isBroken: false },
    now: at(20_001),
    phase: "lost",
  },
  {
    why: "it never answered",
    link: { opened: at(0), heard: undefined, isBroken: true },
    now: at(1),
    phase: "lost",
  },
])("is $phase when $why", ({ link, now, phase }) => {
  expect(phaseOf(link, now)).toBe(phase);
});

it("believes the clock that says more", () => {
  expect(elapsedMs(at(0, 0), at(-5, 7))).toBe(7);
  expect(elapsedMs(at(0, 0), at(9, 7))).toBe(9);
});

it("asks less often where there are many hosts to ask", () => {
  expect([0, 3, 60, 100, 1_000].map(pollMs)).toEqual([3_000, 3_000, 3_000, 5_000, 10_000]);
});
