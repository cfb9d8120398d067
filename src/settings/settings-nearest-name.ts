/** The name that somebody may have meant who wrote another one. */

/** Longer names are not compared: they come from outside, and the work grows with their length. */
const LONGEST = 48;

/** The one of `known` that takes the fewest edits, or undefined where all take more than a third of `name`. */
export function nearestName(name: string, known: readonly string[]): string | undefined {
  if (name.length > LONGEST) return undefined;
  const most = Math.max(1, name.length / 3);
  const near = known
    .map((candidate) => ({ candidate, edits: countEdits(name, candidate) }))
    .filter(({ edits }) => edits <= most)
    .toSorted((a, b) => a.edits - b.edits);
  return near[0]?.candidate;
}

/** Letters to insert, remove or replace to get from `from` to `to` (Levenshtein), row by row of its matrix. */
function countEdits(from: string, to: string): number {
  let row = Array.from(to, (_, index) => index + 1);
  let edits = to.length;
  for (const [position, letter] of Array.from(from).entries()) {
    let corner = position;
    edits = position + 1;
    row = row.map((above, index) => {
      const replaced = corner + (letter === to.charAt(index) ? 0 : 1);
      corner = above;
      edits = Math.min(replaced, above + 1, edits + 1);
      return edits;
    });
  }
  return edits;
}
