/** One look at a path for all who ask at the same moment: each look wakes a thread, and the process again for its answer. */
import type { BigIntStats } from "node:fs";
import { stat } from "node:fs/promises";
import { resolve } from "node:path";

const underWay = new Map<string, Promise<BigIntStats>>();

/** What is found by a look that begins now, or is under way. @throws as `stat`. */
export function sharedStat(given: string): Promise<BigIntStats> {
  const path = resolve(given);
  const known = underWay.get(path);
  if (known !== undefined) return known;
  const look = stat(path, { bigint: true }).finally(() => underWay.delete(path));
  underWay.set(path, look);
  return look;
}
