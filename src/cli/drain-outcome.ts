/**
 * What happened to the virtual IPs of each group that was drained, as this host hears it, and in words for the
 * operator.
 */
import type { GroupStatus } from "../status/owner.ts";
import { elapsedMs, preciseDurationText } from "../text/instant.ts";

export type DrainOutcome = { readonly group: string; readonly vips: string } & (
  | { readonly phase: "owning" }
  /** The virtual IPs have left this host, or it was about to own them, and no other owner was heard yet. */
  | { readonly phase: "released" }
  | { readonly phase: "taken-over"; readonly by: string; readonly afterMs: number }
  /** This host did not own the group. `owner` is undefined where none is heard. */
  | { readonly phase: "not-owned"; readonly owner: string | undefined }
);

/**
 * @param before the group when the drain was ordered.
 * @param now the group as it is; undefined where it was taken out of the configuration since.
 */
export function drainOutcome(before: GroupStatus, now: GroupStatus | undefined): DrainOutcome {
  const about = { group: before.name, vips: before.vips.map((vip) => vip.replace(/\/.*$/, "")).join(", ") };
  if (now?.state === "MASTER") return { ...about, phase: "owning" };
  const other = now?.owner?.isSelf === false ? now.owner : undefined;
  const by = other?.host ?? other?.address;
  const wasNeeded = before.state === "MASTER" || (before.state === "BACKUP" && by === undefined);
  if (!wasNeeded) return { ...about, phase: "not-owned", owner: by };
  if (other === undefined || by === undefined) return { ...about, phase: "released" };
  const afterMs = Math.max(0, elapsedMs(now?.since ?? other.since, other.since));
  return { ...about, phase: "taken-over", by, afterMs };
}

/** Whether there is nothing left to wait for. */
export function isServed({ phase }: DrainOutcome): boolean {
  return phase === "taken-over" || phase === "not-owned";
}

/** One line, not escaped. */
export function outcomeText(outcome: DrainOutcome, waitedMs: number): string {
  const { group, vips } = outcome;
  switch (outcome.phase) {
    case "owning":
      return `${group}: this host still owns ${vips} after ${preciseDurationText(waitedMs)}`;
    case "released":
      return `${group}: no host was heard to own ${vips} within ${preciseDurationText(waitedMs)}`;
    case "taken-over":
      return `${group}: ${outcome.by} owns ${vips} after ${preciseDurationText(outcome.afterMs)}`;
    case "not-owned":
      return outcome.owner === undefined
        ? `${group}: this host did not own ${vips}, and hears no owner`
        : `${group}: ${outcome.owner} owns ${vips}, as before`;
  }
}
