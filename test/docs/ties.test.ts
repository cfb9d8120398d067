/** How often the best backups have the same priority, as docs/design/how-it-decides.md says. */
import { expect, it } from "vitest";
import { derivePriority } from "../../src/groups/shared-numbers.ts";
import { readDocument, section } from "./readme.ts";

/** Hosts whose priorities are counted: each number's share is known to within 0.2 %. */
const SAMPLE = 55_000;

/** The share of each derived number, the lowest first. */
function shares(): number[] {
  const priorities = Array.from({ length: SAMPLE }, (_, index) => derivePriority("main", `host-${index}`));
  const counts = [...Map.groupBy(priorities, (priority) => priority)].sort(([one], [other]) => one - other);
  return counts.map(([, { length }]) => length / SAMPLE);
}

/** Of backups that derive their priorities: the chance that the two best are equal, and how many are the best on average. */
function tiesAmong(backups: number): { readonly chance: number; readonly best: number } {
  let below = 0;
  let [single, best] = [0, 0];
  for (const share of shares()) {
    // none of the others is above or equal
    single += backups * share * below ** (backups - 1);
    // each backup with this number is among the best if no other is above
    best += backups * share * (below + share) ** (backups - 1);
    below += share;
  }
  return { chance: 1 - single, best };
}

it("says how often two backups tie, and how many of a large group do", () => {
  const rows = section(readDocument("docs/design/how-it-decides.md"), "ties").match(/^ *\| \d.*$/gm) ?? [];
  const cells = rows.map((row) => row.match(/[\d.]+/g)?.map(Number) ?? []);

  expect(cells.map(([hosts]) => hosts)).toEqual([3, 5, 10, 16, 30, 50, 100]);
  for (const [hosts = 0, percent = 0, best = 0] of cells) {
    const ties = tiesAmong(hosts - 1);
    expect(Math.abs(100 * ties.chance - percent), `${hosts} hosts`).toBeLessThan(1);
    expect(Math.abs(ties.best - best), `${hosts} hosts`).toBeLessThan(0.1);
  }
});
