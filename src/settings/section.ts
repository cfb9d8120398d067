/** A section, such as all host labels below `keepalived.web.`, becomes a layer of group settings. */
import { type PlaceReading, readRows } from "./row.ts";
import { GROUP_ROWS } from "./table.ts";
import { type Place, unknownKeyProblem } from "./unknown-key.ts";

export type GroupReading = PlaceReading<typeof GROUP_ROWS>;

/** Raw values by their keys, which follow `prefix` in the full name. */
interface Section {
  readonly place: Place;
  /** Ends in a dot. */
  readonly prefix: string;
  readonly entries: ReadonlyMap<string, unknown>;
}

/** Never throws: a bad value and an unknown key are problems, and leave their setting open. */
export function readSection({ place, prefix, entries }: Section): GroupReading {
  const known = new Set<string>();
  const { layer, problems, refused } = readRows(GROUP_ROWS, (row) => {
    const key = row[place];
    if (key === undefined || !entries.has(key)) return undefined;
    known.add(key);
    return { raw: entries.get(key), source: { kind: place, name: prefix + key } };
  });
  const unknown = [...entries.keys()].filter((key) => !known.has(key)).toSorted();
  const unknownProblems = unknown.flatMap((key) => {
    const name = key === "" ? prefix.slice(0, -1) : prefix + key;
    return unknownKeyProblem(place, { key, name, raw: entries.get(key) }) ?? [];
  });
  return { layer, problems: [...problems, ...unknownProblems], refused };
}
