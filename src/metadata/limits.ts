/**
 * Limits of the metadata that users write into a service.
 *
 * It is walked by recursion, searched for each group, and saved as JSON. So a document is refused that would overflow the
 * stack, block the agent for minutes, or read differently after a restart.
 */

/** Twice as many as 255 groups need that each set every setting. */
const MAX_VALUES = 10_000;
const MAX_LEVELS = 100;

/** The limit that `document` exceeds, as a noun phrase ("at most ..."); undefined where it exceeds none. Never throws. */
export function limitExceededBy(document: unknown): string | undefined {
  let values = 0;
  // level by level, because recursion would overflow on a deep document
  let level = [document];
  for (let depth = 0; level.length > 0; depth += 1) {
    values += level.length;
    if (depth > MAX_LEVELS) return `at most ${MAX_LEVELS} levels`;
    if (values > MAX_VALUES) return `at most ${MAX_VALUES} values`;
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
