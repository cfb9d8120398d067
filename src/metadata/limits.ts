/**
 * Limits of the metadata that users write into a service.
 *
 * The agent walks the document by recursion, searches it for each group, and saves it as JSON. So it refuses a document
 * that would overflow the stack, block the agent for minutes, or change in a restart.
 */

/** Twice what 255 groups need where each sets every setting. */
const MAX_VALUES = 10_000;
const MAX_LEVELS = 100;

/** The limit that `document` exceeds, as a noun phrase ("at most ..."), or undefined. Never throws. */
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

/** JSON.parse turns 1e999 into Infinity, and JSON.stringify turns Infinity into null. */
function isUnwritable(value: unknown): boolean {
  return typeof value === "number" && !Number.isFinite(value);
}

function childrenOf(value: unknown): unknown[] {
  return typeof value === "object" && value !== null ? Object.values(value) : [];
}
