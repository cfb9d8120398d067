/** The model finds what was mended: with a mend taken out, its search comes upon two owners, or none. */
import { expect, it } from "vitest";
import { play } from "./play.ts";
import type { Subject } from "./random-schedule.ts";
import { searchRandomly } from "./search.ts";
import { MENDS, type Mend } from "./without.ts";

/** For each mend, the subject of the schedules, and more of them than the search needed with this seed. */
const SEARCHES: Readonly<Record<Mend, { readonly subject: Subject; readonly schedules: number }>> = {
  row1: { subject: "identity", schedules: 200 },
  row2: { subject: "metadata", schedules: 400 },
  row3: { subject: "metadata", schedules: 400 },
  row5: { subject: "hosts", schedules: 200 },
  row7: { subject: "addresses", schedules: 400 },
  row9: { subject: "addresses", schedules: 200 },
  row14: { subject: "planned change", schedules: 400 },
  row15: { subject: "forged adverts", schedules: 400 },
};

it.each(Object.keys(MENDS) as Mend[])("finds what happens without %s", async (mend) => {
  const { subject, schedules } = SEARCHES[mend];
  const without = new Set([mend]);
  const { counterExample } = await searchRandomly({ schedules, seed: 1, subject, without });

  expect(counterExample).toBeDefined();
  expect((await play(counterExample!.schedule)).violation, "the mend is what mends it").toBeUndefined();
});
