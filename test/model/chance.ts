/** Numbers that look random and follow from a seed, so that a schedule goes the same way each time. */
import { createRandom } from "../sim/random.ts";

export interface Chance {
  /** A whole number from `lowest` to `highest`, both among them. */
  between(lowest: number, highest: number): number;
  isChance(probability: number): boolean;
  pick<Item>(items: readonly [Item, ...Item[]] | readonly Item[]): Item;
}

export function createChance(seed: number): Chance {
  const { between, isChance } = createRandom(seed, 1);
  return {
    between,
    isChance,
    pick: (items) => items[between(0, items.length - 1)]!,
  };
}

/** For seed 0: the middle of each range, and nothing that depends on luck. A script that needs no luck reads best. */
export const NO_CHANCE: Chance = {
  between: (lowest, highest) => Math.round((lowest + highest) / 2),
  isChance: () => false,
  pick: (items) => items[0]!,
};
