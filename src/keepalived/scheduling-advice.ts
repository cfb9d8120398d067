/**
 * Advice on advert intervals that need real-time priority. It is in a file of its own, so that `status` does not load the table of
 * settings.
 */
import type { GroupResult } from "../groups/group-result.ts";
import { warnOfShortInterval } from "../settings/resolve-group.ts";
import type { SchedulingStatus } from "./scheduling.ts";

/** Advice on groups whose adverts come too close together for a keepalived that was refused real-time priority. */
export function adviseOnScheduling(
  results: readonly Pick<GroupResult, "resolved">[],
  status: SchedulingStatus,
): string[] {
  if (status.phase !== "refused") return [];
  const intervals = results.map(({ resolved }) => resolved.group.advertIntervalSeconds);
  const why = `${status.reason}: ${status.hint}`;
  return [...new Set(intervals.flatMap((interval) => warnOfShortInterval(interval, why)))];
}
