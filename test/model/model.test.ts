/** The model in CI: so many schedules of each subject, with seeds of their own. `npm run model` plays any number. */
import { expect, it } from "vitest";
import { play } from "./play.ts";
import { drawSchedule, type Subject } from "./random-schedule.ts";
import { parseSchedule, printSchedule } from "./script.ts";
import { searchRandomly } from "./search.ts";

/** 2,000 schedules in all, more of those that have more in them. */
const SEARCHES: readonly { readonly subject: Subject; readonly schedules: number }[] = [
  { subject: "hosts", schedules: 300 },
  { subject: "metadata", schedules: 500 },
  { subject: "planned change", schedules: 600 },
  { subject: "forged adverts", schedules: 400 },
  { subject: "addresses", schedules: 200 },
];

it.each(SEARCHES)(
  "has never two owners, nor long none, in $schedules schedules of $subject",
  async ({ subject, schedules }) => {
    const { counterExample } = await searchRandomly({ schedules, seed: 1, subject });

    expect(counterExample && printSchedule(counterExample.schedule)).toBeUndefined();
  },
);

it("goes the same way for the same seed", async () => {
  const schedule = drawSchedule(7, 3, "planned change");

  expect(await play(schedule)).toEqual(await play(schedule));
});

it.each(["true", "false"])(
  "has one owner soon where two hosts of different groups become owners at the same moment, with unicast=%s",
  async (unicast) => {
    const together = [
      "hosts 2",
      "until 30",
      `0.0 set unicast=${unicast} after=0,0`,
      "0.0 set vrid=101 after=0.1,59",
      "3.0 start h1",
      "3.0 start h2",
      "",
    ].join("\n");
    const { violation, longestOverlapMs, lines } = await play(parseSchedule(together));

    expect(violation).toBeUndefined();
    expect(longestOverlapMs).toBeLessThan(5);
    // without a rule they own and give way together until their metadata agrees
    expect(lines.filter((line) => line.endsWith("main is MASTER")).length).toBeLessThan(8);
    expect(lines.at(-1)).not.toContain("FAULT");
  },
);

it("leaves the clock and the timers of the machine as they were", async () => {
  const before = [performance.now, setTimeout, clearTimeout];
  await play(drawSchedule(1, 2, "hosts"));

  expect([performance.now, setTimeout, clearTimeout]).toEqual(before);
  expect(performance.now()).toBeGreaterThan(0);
});
