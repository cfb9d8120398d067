/**
 * A service's free metadata document: keys below `keepalived` for all groups, below `keepalived.instances.main`
 * for the group `main`. Nested (`keepalived: {check: {ports: 80}}`) and dotted (`keepalived.check.ports: 80`)
 * are the same; where both are there, nested wins.
 */
import { type GroupReading, readSection } from "./labels.ts";

const PREFIX = "keepalived.";
const INSTANCES = "instances";

/** keepalived, instances, group, check, ports: what is an object at this depth is a value, and refused. */
const DEEPEST = 5;

/** The values of a document by their dotted paths below `keepalived`, and what of them is no group's. */
interface Contents {
  readonly values: ReadonlyMap<string, unknown>;
  readonly shared: ReadonlyMap<string, unknown>;
  readonly groups: readonly string[];
}

/** Every group asks for the same document, and a walk for each would cost the square of their number. */
const known = new WeakMap<object, Contents>();

/** The group's own keys and those that it shares, and the names of all groups that the document has. */
export function readMetadata(
  group: string,
  metadata: unknown,
): { own: GroupReading; shared: GroupReading; groups: readonly string[] } {
  const { values, shared, groups } = contentsOf(metadata);
  const prefix = `${INSTANCES}.${group}.`;
  const own = [...values].flatMap(([path, value]): [string, unknown][] =>
    `${path}.`.startsWith(prefix) ? [[path.slice(prefix.length), value]] : [],
  );
  return {
    own: readSection({ place: "metadata", prefix: `${PREFIX}${prefix}`, entries: new Map(own) }),
    shared: readSection({ place: "metadata", prefix: PREFIX, entries: shared }),
    groups,
  };
}

/** The names of all groups that the document has, sorted. */
export function listInstances(metadata: unknown): readonly string[] {
  return contentsOf(metadata).groups;
}

function contentsOf(metadata: unknown): Contents {
  if (!isObject(metadata)) return { values: new Map(), shared: new Map(), groups: [] };
  const contents = known.get(metadata) ?? walk(metadata);
  known.set(metadata, contents);
  return contents;
}

function walk(metadata: object): Contents {
  const values = new Map<string, unknown>();
  for (const [key, value] of sortedEntries(metadata)) {
    if (key === "keepalived" || key.startsWith(PREFIX)) collect(key.slice(PREFIX.length), value, 1, values);
  }
  const groups = [...values.keys()].flatMap((path) => groupOf(path) || []);
  return {
    values,
    shared: new Map([...values].filter(([path]) => groupOf(path) === undefined)),
    groups: [...new Set(groups)].toSorted(),
  };
}

/** The group that a path names; undefined for what is no group's. */
function groupOf(path: string): string | undefined {
  const [first, name] = path.split(".");
  return first === INSTANCES ? name : undefined;
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
