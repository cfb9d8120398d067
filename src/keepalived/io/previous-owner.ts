/** Tells what the previous owner did, whenever this host becomes owner of a group. */

import { retainNames } from "../../text/by-name.ts";
import type { InstanceDump } from "../dump.ts";
import { derivePreviousOwner, keepDumps, type PreviousOwner, type TimedDump } from "../previous-owner.ts";

/**
 * Returns a function that takes each dump of keepalived.
 *
 * @param isPreempting groups that this host takes from a healthy owner: nothing is reported for those.
 */
export function createPreviousOwners(
  onPreviousOwner: (group: string, how: PreviousOwner) => void,
  isPreempting: (group: string) => boolean,
): (dumps: readonly InstanceDump[]) => void {
  const dumpsByGroup = new Map<string, readonly TimedDump[]>();
  return (dumps) => {
    retainNames(
      dumpsByGroup,
      dumps.map(({ instance }) => instance),
    );
    for (const dump of dumps) {
      const group = dump.instance;
      const earlier = dumpsByGroup.get(group) ?? [];
      const next = { dump, atMs: performance.now() };
      dumpsByGroup.set(group, keepDumps(earlier, next));
      const how = derivePreviousOwner(earlier, next);
      if (how !== undefined && !isPreempting(group)) onPreviousOwner(group, how);
    }
  };
}
