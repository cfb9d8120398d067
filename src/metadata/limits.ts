/**
 * How much a service's free metadata may hold.
 *
 * Whoever edits a stack writes it. It is walked by recursion, looked through for each group, and written down as JSON:
 * a document that exceeds the stack, holds the agent up for minutes, or reads otherwise after a restart is no metadata.
 */

/** Twice what 255 groups with every setting of their own take. */
const MOST_VALUES = 10_000;
const MOST_LEVELS = 100;

/** What would be allowed instead of `document`, as a noun phrase; undefined where it is allowed itself. Never throws. */
export function limitExceededBy(document: unknown): string | undefined {
  let values = 0;
  // level by level, as recursion is what a deep one would break
  let level = [document];
  for (let depth = 0; level.length > 0; depth += 1) {
    values += level.length;
    if (depth > MOST_LEVELS) return `at most ${MOST_LEVELS} levels`;
    if (values > MOST_VALUES) return `at most ${MOST_VALUES} values`;
    if (level.some(isUnwritable)) return "numbers that JSON can hold";
    level = level.flatMap(childrenOf);
  }
  return undefined;
}

/** JSON.parse makes Infinity of 1e999, and JSON.stringify makes null of that. */
function isUnwritable(value: unknown): boolean {
  return typeof value === "number" && !Number.isFinite(value);
}

function childrenOf(value: unknown): unknown[] {
  return typeof value === "object" && value !== null ? Object.values(value) : [];
}
