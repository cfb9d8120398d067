/**
 * Tables whose keys come from outside: names of groups and of labels, addresses.
 *
 * A plain object inherits keys, such as `constructor`, and valibot's `record` leaves out a key that looks like one of them.
 * A group may have any of these names. The linter refuses `Object.fromEntries`, `v.record` and an empty object literal that
 * is typed as `Record<string, ...>` (build/names-are-data.grit). Other object literals with keys from outside need a review.
 */

/** The table with these entries. It inherits no key. The last of several entries with one key counts. */
export function byName<Value>(entries: Iterable<readonly [string, Value]>): Readonly<Record<string, Value>> {
  const table: Record<string, Value> = Object.create(null);
  for (const [name, value] of entries) table[name] = value;
  return table;
}

/**
 * Removes all other names from the table: data about a group must not outlive it, because groups may be renamed any
 * number of times.
 */
export function retainNames(table: Map<string, unknown>, names: Iterable<string>): void {
  const kept = new Set(names);
  for (const name of table.keys()) if (!kept.has(name)) table.delete(name);
}
