/**
 * Which faults come, in which order, alone or two at a time, on whom and for how long: all of it follows from the seed,
 * nothing from what happens in the run. Whom `owner` means is known only then.
 */
import { Chance } from "./chance.ts";
import type { Fault } from "./fault.ts";

export interface PlannedFault {
  readonly fault: Fault;
  /** `same`: the host that the other fault of the step strikes. */
  readonly target: "owner" | "backup" | "same";
  /** Which of the backups, as a fraction of their number. */
  readonly pick: number;
  /** After the beginning of the step. */
  readonly offsetMs: number;
  readonly durationMs: number;
}

export interface Step {
  /** From 1. */
  readonly number: number;
  /** One or two; two touch nothing in common. */
  readonly faults: readonly PlannedFault[];
}

const PAIR_PROBABILITY = 0.5;
const OWNER_PROBABILITY = 0.6;
const SAME_PROBABILITY = 0.4;
const MOST_OFFSET_MS = 3_000;

/** Endless. Each fault comes once before any comes again. */
export function* planOf(seed: number, faults: readonly Fault[]): Generator<Step, never> {
  const chance = new Chance(seed);
  let deck: Fault[] = [];
  for (let number = 1; ; number += 1) {
    if (deck.length === 0) deck = chance.shuffled(faults);
    const [first, ...rest] = deck;
    if (first === undefined) throw new RangeError("there is no fault to draw from");
    const isPair = chance.fraction() < PAIR_PROBABILITY;
    const second = isPair ? rest.find((fault) => !shareArea(first, fault)) : undefined;
    deck = rest.filter((fault) => fault !== second);
    const drawn = second === undefined ? [first] : [first, second];
    yield { number, faults: drawn.map((fault, index) => drawCase(fault, index, chance)) };
  }
}

function drawCase(fault: Fault, index: number, chance: Chance): PlannedFault {
  const [least, most] = fault.lasts;
  const isOwner = chance.fraction() < OWNER_PROBABILITY;
  const isSame = chance.fraction() < SAME_PROBABILITY;
  return {
    fault,
    target: fault.needsOwner ? "owner" : index === 1 && isSame ? "same" : isOwner ? "owner" : "backup",
    pick: chance.fraction(),
    offsetMs: index === 0 ? 0 : chance.between(0, MOST_OFFSET_MS),
    durationMs: chance.between(least, most),
  };
}

function shareArea(one: Fault, other: Fault): boolean {
  return one.areas.some((area) => other.areas.includes(area));
}
