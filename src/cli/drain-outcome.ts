/**
 * What happened to the virtual IPs of each group that was drained, as this host hears it, and in words for the
 * operator.
 */
import { type GroupStatus, isOwnerUnknown, OWNER_NOT_KNOWN } from "../status/owner.ts";
import { elapsedMs, preciseDurationText } from "../text/instant.ts";

export type DrainOutcome = { readonly group: string; readonly vips: string } & (
  | { readonly phase: "owning" }
  /** The virtual IPs have left this host, or it was about to own them, and no other owner was heard yet. */
  | { readonly phase: "released" }
  /** As released, but this host hears no adverts, so another host may own them. */
  | { readonly phase: "unheard" }
  | { readonly phase: "taken-over"; readonly by: string; readonly afterMs: number }
  /** This host did not own the group. `owner` is undefined where none is heard. */
  | { readonly phase: "not-owned"; readonly owner: string | undefined; readonly isUnheard: boolean }
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
  const isUnheard = now !== undefined && isOwnerUnknown(now);
  // keepalived of a backup hears its owner, also where the agent does not
  const wasNeeded =
    before.state === "MASTER" || (before.state === "BACKUP" && by === undefined && !isUnheard);
  if (!wasNeeded) return { ...about, phase: "not-owned", owner: by, isUnheard };
  if (isUnheard) return { ...about, phase: "unheard" };
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
    case "unheard":
      return `${group}: ${vips} left this host. It hears no adverts, so it cannot tell whether another host took over`;
    case "taken-over":
      return `${group}: ${outcome.by} owns ${vips} after ${preciseDurationText(outcome.afterMs)}`;
    case "not-owned":
      if (outcome.isUnheard) return `${group}: this host did not own ${vips}; owner ${OWNER_NOT_KNOWN}`;
      return outcome.owner === undefined
        ? `${group}: this host did not own ${vips}, and hears no owner`
        : `${group}: ${outcome.owner} owns ${vips}, as before`;
  }
}

/** What undrain means for the groups: who owns them, as far as this host knows. Not escaped. */
export function returnText(groups: readonly GroupStatus[]): string {
  const namesOf = (some: readonly GroupStatus[]) => some.map(({ name }) => name).join(", ");
  const unowned = groups.filter(({ noOwner }) => noOwner !== undefined);
  const unknown = groups.filter(isOwnerUnknown);
  const parts = [
    ...(unowned.length === 0 ? [] : [`no host owns ${namesOf(unowned)}, so this one may take it now`]),
    ...(unknown.length === 0
      ? []
      : [`owner ${OWNER_NOT_KNOWN}, so it may take ${namesOf(unknown)} now if no host owns it`]),
  ];
  return parts.join("; ") || "a VIP comes back when its owner fails, or with PREEMPT";
}
