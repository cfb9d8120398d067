/** Host labels as group settings: `keepalived.priority` is for all groups, `keepalived.web.priority` for the group `web`. */
import { type GroupReading, readSection } from "./section.ts";

const PREFIX = "keepalived.";

/**
 * @param otherGroups names of the service's other groups, whose labels are skipped.
 * @returns the labels of the group itself, and those for all groups.
 */
export function readLabels(
  group: string,
  labels: Readonly<Record<string, unknown>>,
  otherGroups: readonly string[],
): { own: GroupReading; shared: GroupReading } {
  const own = new Map<string, unknown>();
  const shared = new Map<string, unknown>();
  for (const [label, value] of Object.entries(labels)) {
    if (!label.startsWith(PREFIX)) continue;
    const key = label.slice(PREFIX.length);
    if (key.startsWith(`${group}.`)) own.set(key.slice(group.length + 1), value);
    else if (!otherGroups.some((other) => key.startsWith(`${other}.`))) shared.set(key, value);
  }
  return {
    own: readSection({ place: "label", prefix: `${PREFIX}${group}.`, entries: own }),
    shared: readSection({ place: "label", prefix: PREFIX, entries: shared }),
  };
}
