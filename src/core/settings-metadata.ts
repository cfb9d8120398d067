/**
 * A service's free metadata document: keys below `keepalived` for all groups, below `keepalived.instances.main`
 * for the group `main`. Nested (`keepalived: {check: {ports: 80}}`) and dotted (`keepalived.check.ports: 80`)
 * are the same; where both are there, nested wins.
 */
import { type GroupReading, readSection } from "./settings-place.ts";

const PREFIX = "keepalived.";
const INSTANCES = "instances";

/** keepalived, instances, group, check, ports: what is an object at this depth is a value, and refused. */
const DEEPEST = 5;

/** The group's own keys and those that it shares, and the names of all groups that the document has. */
export function readMetadata(
  group: string,
  metadata: unknown,
): { own: GroupReading; shared: GroupReading; groups: readonly string[] } {
  const own = new Map<string, unknown>();
  const shared = new Map<string, unknown>();
  for (const [path, value] of flatten(metadata)) {
    const [first, name] = path.split(".");
    const isOwn = `${path}.`.startsWith(`${INSTANCES}.${group}.`);
    if (isOwn) own.set(path.slice(`${INSTANCES}.${group}.`.length), value);
    else if (first !== INSTANCES || name === undefined) shared.set(path, value);
  }
  return {
    own: readSection({ place: "metadata", prefix: `${PREFIX}${INSTANCES}.${group}.`, entries: own }),
    shared: readSection({ place: "metadata", prefix: PREFIX, entries: shared }),
    groups: listInstances(metadata),
  };
}

/** The names of all groups that the document has, sorted. */
export function listInstances(metadata: unknown): string[] {
  const names = [...flatten(metadata).keys()].flatMap((path) => {
    const [first, name] = path.split(".");
    return first === INSTANCES && name !== undefined && name !== "" ? [name] : [];
  });
  return [...new Set(names)].toSorted();
}

/** Every value below `keepalived` by its dotted path; the path of `keepalived` itself is empty. */
function flatten(metadata: unknown): Map<string, unknown> {
  const values = new Map<string, unknown>();
  if (!isObject(metadata)) return values;
  for (const [key, value] of sortedEntries(metadata)) {
    if (key === "keepalived" || key.startsWith(PREFIX)) collect(key.slice(PREFIX.length), value, 1, values);
  }
  return values;
}

function collect(path: string, value: unknown, depth: number, values: Map<string, unknown>): void {
  const isEmpty = isObject(value) && Object.keys(value).length === 0;
  // a group without keys of its own is a group all the same
  if (isEmpty) collect(path, null, depth, values);
  else if (isObject(value) && depth < DEEPEST) {
    for (const [key, inner] of sortedEntries(value)) {
      collect(path === "" ? key : `${path}.${key}`, inner, depth + 1, values);
    }
  } else if (!values.has(path)) values.set(path, value);
}

/** Sorted, so that a document means the same in any order; `check` comes before `check.ports`. */
function sortedEntries(value: object): [string, unknown][] {
  return Object.entries(value).toSorted(([a], [b]) => (a < b ? -1 : 1));
}

function isObject(value: unknown): value is object {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
