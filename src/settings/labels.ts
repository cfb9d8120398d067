/** One place that many may write to (host labels, service metadata) as a layer of group settings. */

import { type Reading, readRows } from "./row.ts";
import { GROUP_ROWS } from "./table.ts";
import { misplaced, type Place } from "./unknown-key.ts";

export type GroupReading = Reading<typeof GROUP_ROWS>;

/** What a place holds: keys after `prefix`, which ends in a dot. */
interface Section {
  readonly place: Place;
  readonly prefix: string;
  readonly entries: ReadonlyMap<string, unknown>;
}

/** Bad values and names are problems and leave their setting open; nothing is thrown. */
export function readSection({ place, prefix, entries }: Section): GroupReading {
  const known = new Set<string>();
  const { layer, problems, refused } = readRows(GROUP_ROWS, (row) => {
    const key = row[place];
    if (key === undefined || !entries.has(key)) return undefined;
    known.add(key);
    return { raw: entries.get(key), source: { kind: place, name: prefix + key } };
  });
  const others = [...entries.keys()].filter((key) => !known.has(key)).toSorted();
  const strangers = others.flatMap((key) =>
    misplaced(place, { key, name: key === "" ? prefix.slice(0, -1) : prefix + key, raw: entries.get(key) }),
  );
  return { layer, problems: [...problems, ...strangers], refused };
}

const PREFIX = "keepalived.";

/**
 * @param otherGroups names of groups whose own labels are not looked at.
 * @returns the group's own labels, and those that it shares with all groups.
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
