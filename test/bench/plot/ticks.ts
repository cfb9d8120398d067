/** From 0 to `highest` (above 0) or a little beyond, in 3 to 6 steps of 1, 2 or 5 times a power of ten. */
export function ticksTo(highest: number): number[] {
  const power = 10 ** Math.floor(Math.log10(highest / 3));
  const factor = [1, 2, 5].find((candidate) => highest / (power * candidate) <= 6) ?? 10;
  const step = power * factor;
  // what is highest by a rounding error only needs no step of its own
  const count = Math.ceil(highest / step - 1e-9);
  return Array.from({ length: count + 1 }, (_, index) => Number((index * step).toPrecision(6)));
}
