/**
 * Tables whose keys come from outside: names of groups and of labels, addresses.
 *
 * A plain object inherits keys, such as `constructor`, and valibot's `record` leaves out a key that looks like one of them.
 * A group may have any of these names. The linter refuses other ways to make such a table (build/names-are-data.grit).
 */
import * as v from "valibot";

/** The table with these entries. It inherits no key. The last of several entries with one key counts. */
export function byName<Value>(entries: Iterable<readonly [string, Value]>): Readonly<Record<string, Value>> {
  const table: Record<string, Value> = Object.create(null);
  for (const [name, value] of entries) table[name] = value;
  return table;
}

/** Removes all other names from the table: what is known of a group must not outlive it, as groups may be renamed for ever. */
export function retainNames(table: Map<string, unknown>, names: Iterable<string>): void {
  const kept = new Set(names);
  for (const name of table.keys()) if (!kept.has(name)) table.delete(name);
}

/** The schema of an object that may have any key. */
export function tableOf<Schema extends v.GenericSchema>(value: Schema) {
  return v.pipe(
    v.custom<object>(isTable, "Invalid type: expected an object"),
    v.transform((table): [string, unknown][] => Object.entries(table)),
    v.array(v.tuple([v.string(), value])),
    v.transform((entries) => byName(entries)),
  );
}

function isTable(value: unknown): boolean {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
