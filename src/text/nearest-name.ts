/** Finds the name that a misspelt one was probably meant to be: a setting, a command or an option. */

/** Longer names get no suggestion: they come from outside, and the work grows with their length. */
const LONGEST_NAME = 48;

/** The one of `known` that takes the fewest edits, or undefined if each takes more than a third of `name`, or than `limit`. */
export function nearestName(
  name: string,
  known: readonly string[],
  limit = Number.POSITIVE_INFINITY,
): string | undefined {
  if (name.length > LONGEST_NAME) return undefined;
  const mostEdits = Math.min(limit, Math.max(1, name.length / 3));
  const near = known
    .map((candidate) => ({ candidate, edits: countEdits(name, candidate) }))
    .filter(({ edits }) => edits <= mostEdits)
    .toSorted((a, b) => a.edits - b.edits);
  return near[0]?.candidate;
}

/**
 * Letters to insert, remove or replace, and neighbours to swap, to get from `from` to `to`: the optimal string alignment
 * distance, row by row of its matrix.
 */
function countEdits(from: string, to: string): number {
  let earlierRow: readonly number[] = [];
  let lastRow: readonly number[] = Array.from({ length: to.length + 1 }, (_, index) => index);
  for (let i = 1; i <= from.length; i += 1) {
    const row = [i];
    for (let j = 1; j <= to.length; j += 1) {
      const isSame = from[i - 1] === to[j - 1];
      const isSwapped = from[i - 1] === to[j - 2] && from[i - 2] === to[j - 1];
      const replaced = cell(lastRow, j - 1) + (isSame ? 0 : 1);
      const swapped = isSwapped ? cell(earlierRow, j - 2) + 1 : replaced;
      row.push(Math.min(cell(lastRow, j) + 1, cell(row, j - 1) + 1, replaced, swapped));
    }
    [earlierRow, lastRow] = [lastRow, row];
  }
  return cell(lastRow, to.length);
}

function cell(row: readonly number[], column: number): number {
  return row[column] ?? Number.POSITIVE_INFINITY;
}
