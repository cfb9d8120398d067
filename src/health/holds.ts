/**
 * Why groups are held back, by name.
 *
 * A hold also counts for a group that is not open yet: keepalived may run it from an earlier run of the agent, and it
 * must not own its VIPs before the cause has ended.
 */
import { retainNames } from "../text/by-name.ts";

/**
 * What holds a group back: a planned change or a bar in metadata (`plan`), the loss of its VRRP source address (`source`),
 * that it has only just begun here and this host still listens for another owner (`listening`), a first VIP that this host's
 * kernel refuses (`vip`), a gate that blocks its VIPs (`gate`), or adverts that cannot be sent (`sending`).
 */
export type HoldCause = "plan" | "source" | "listening" | "vip" | "gate" | "sending";

export interface Holds {
  set(group: string, reason: string | undefined, by: HoldCause): void;
  /** The same for every present and later group. */
  setOnAll(reason: string | undefined, by: HoldCause): void;
  /** The reason of each cause that holds the group back now. */
  of(group: string): ReadonlyMap<HoldCause, string>;
  /** Forgets the holds of all other groups. Those on all groups stay. */
  retainGroups(groups: ReadonlySet<string>): void;
}

export function createHolds(): Holds {
  const onAll = new Map<HoldCause, string>();
  const byGroup = new Map<string, Map<HoldCause, string>>();
  return {
    set: (group, reason, by) => {
      const holds = byGroup.get(group) ?? new Map<HoldCause, string>();
      setReason(holds, reason, by);
      if (holds.size === 0) byGroup.delete(group);
      else byGroup.set(group, holds);
    },
    setOnAll: (reason, by) => setReason(onAll, reason, by),
    of: (group) => new Map([...onAll, ...(byGroup.get(group) ?? [])]),
    retainGroups: (groups) => retainNames(byGroup, groups),
  };
}

function setReason(holds: Map<HoldCause, string>, reason: string | undefined, by: HoldCause): void {
  if (reason === undefined) holds.delete(by);
  else holds.set(by, reason);
}

/**
 * The one reason to show where there are several. Listening comes last: it only names who is heard, while a planned
 * change or a fault of this host names the cause.
 */
export function foremostReason(holds: ReadonlyMap<HoldCause, string>): string | undefined {
  const [reason = holds.get("listening")] = [...holds].flatMap(([by, text]) =>
    by === "listening" ? [] : [text],
  );
  return reason;
}
