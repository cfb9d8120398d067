/** The model in CI: so many schedules of each subject, with seeds of their own. `npm run model` plays any number. */
import { expect, it } from "vitest";
import { play } from "./play.ts";
import { drawSchedule, type Subject } from "./random-schedule.ts";
import { printSchedule } from "./script.ts";
import { searchRandomly } from "./search.ts";

/** Subjects whose schedules all go right today. */
const SUBJECTS: readonly Subject[] = ["hosts", "planned change", "forged adverts", "addresses"];
const SCHEDULES = 2_000;

it.each(SUBJECTS)("never has two owners, nor long none: %s", { timeout: 120_000 }, async (subject) => {
  const { counterExample } = await searchRandomly({
    schedules: SCHEDULES / SUBJECTS.length,
    seed: 1,
    subject,
  });

  expect(counterExample && printSchedule(counterExample.schedule)).toBeUndefined();
});

it("goes the same way for the same seed", async () => {
  const schedule = drawSchedule(7, 3, "planned change");

  expect(await play(schedule)).toEqual(await play(schedule));
});

it("leaves the clock and the timers of the machine as they were", async () => {
  const before = [performance.now, setTimeout, clearTimeout];
  await play(drawSchedule(1, 2, "hosts"));

  expect([performance.now, setTimeout, clearTimeout]).toEqual(before);
  expect(performance.now()).toBeGreaterThan(0);
});
