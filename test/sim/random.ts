/** Numbers that look random and follow from a seed: the same seed gives the same simulation. */
export interface Random {
  /** In whole steps of the timeline, from `lowest` to `highest`, both ms and both among them. */
  between(lowest: number, highest: number): number;
  isChance(probability: number): boolean;
}

/** Mulberry32, one of the small generators whose 32 bits of state are enough here. */
export function createRandom(seed: number, stepMs: number): Random {
  let state = seed >>> 0;
  const next = () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let bits = Math.imul(state ^ (state >>> 15), state | 1);
    bits ^= bits + Math.imul(bits ^ (bits >>> 7), bits | 61);
    return ((bits ^ (bits >>> 14)) >>> 0) / 2 ** 32;
  };
  return {
    between: (lowest, highest) =>
      lowest + Math.floor(next() * (Math.round((highest - lowest) / stepMs) + 1)) * stepMs,
    isChance: (probability) => next() < probability,
  };
}
