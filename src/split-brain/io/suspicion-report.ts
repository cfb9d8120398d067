/** Reports suspicions: gives each the time when it began, and logs those that are new and those that are gone. */
import type { Logger } from "pino";
import { type SplitBrainStatus, type Suspicion, suspicionKey } from "../suspicion.ts";

/** @returns what takes all suspicions of each judgement. `onSuspicions` gets them at each change and as long as there is one. */
export function createSuspicionReport(
  onSuspicions: (suspicions: readonly SplitBrainStatus[]) => void,
  log: Logger,
): (suspicions: readonly Suspicion[]) => void {
  let current: readonly SplitBrainStatus[] = [];
  return (suspicions) => {
    const previous = new Map(current.map((suspicion) => [suspicionKey(suspicion), suspicion]));
    const now = new Date().toISOString();
    current = suspicions.map((one) => ({ ...one, since: previous.get(suspicionKey(one))?.since ?? now }));
    const keys = new Set(suspicions.map(suspicionKey));
    for (const { text, ...fields } of suspicions.filter((one) => !previous.has(suspicionKey(one))))
      log.error({ ...fields, reason: text }, "split brain suspected");
    for (const [key, { group, cause, address, mac }] of previous)
      if (!keys.has(key)) log.info({ group, cause, address, mac }, "split brain no longer suspected");
    if (current.length > 0 || previous.size > 0) onSuspicions(current);
  };
}
