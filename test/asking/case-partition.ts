/** The network falls apart for 3 s and heals. Each side that hears no owner takes the VIP, with asking or without. */
import { setTimeout as sleep } from "node:timers/promises";
import type { Allowed, Case, Variant } from "./case.ts";
import { randomPhase } from "./stage.ts";

const LENGTH_MS = 3_000;
const WATCH_MS = 2_000;

type Sides = (
  owner: string,
  backups: readonly [string, string],
) => readonly [readonly string[], readonly string[]];

function partition(name: string, allowed: Allowed, sides: Sides): Variant {
  return {
    name,
    allowed,
    watchMs: WATCH_MS,
    play: async (stage, owner) => {
      const [first, second] = stage.others(owner);
      await randomPhase(stage);
      const [one, other] = sides(owner.name, [first!.name, second!.name]);
      const brokenAtMs = await stage.filter.split(one, other, LENGTH_MS);
      await sleep(LENGTH_MS);
      return { brokenAtMs, healedAtMs: brokenAtMs + LENGTH_MS };
    },
  };
}

export const PARTITION: Case = {
  name: "partition",
  title: "A partition of 3 s",
  variants: [
    partition("the owner | both backups", "one", (owner, backups) => [[owner], backups]),
    partition("the owner and backup 1 | backup 2", "one", (owner, [first, second]) => [
      [owner, first],
      [second],
    ]),
    partition("the owner and backup 2 | backup 1", "one", (owner, [first, second]) => [
      [owner, second],
      [first],
    ]),
    partition("backup 1 | backup 2", "none", (_, [first, second]) => [[first], [second]]),
    partition("owner | backup 1", "one", (owner, [first]) => [[owner], [first]]),
    partition("owner | backup 2", "one", (owner, [, second]) => [[owner], [second]]),
  ],
};
