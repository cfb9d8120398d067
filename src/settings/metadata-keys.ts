/**
 * A service's metadata as group settings: keys below `keepalived` are for all groups, keys below
 * `keepalived.instances.main` for the group `main`. Nested keys (`keepalived: {check: {ports: 80}}`) and dotted keys
 * (`keepalived.check.ports: 80`) mean the same; a nested key wins over a dotted one.
 */
import type { SettingProblem } from "./problem.ts";
import { type GroupReading, readSection } from "./section.ts";
import { isMiscased, miscasedKeyProblem } from "./unknown-key.ts";

const PREFIX = "keepalived.";
const INSTANCES = "instances";

/** An object at this depth is a bad value. The longest path is keepalived, instances, GROUP, check, ports. */
const DEEPEST = 5;

/** Values by their dotted paths. */
type Values = Map<string, unknown>;

/** The values of a document below `keepalived`. */
interface Contents {
  /** Those of each group, by the paths below the group. */
  readonly byGroup: ReadonlyMap<string, ReadonlyMap<string, unknown>>;
  /** Those for all groups. */
  readonly shared: ReadonlyMap<string, unknown>;
  /** Keys at the top that differ from the agent's by their case alone. */
  readonly miscased: readonly SettingProblem[];
  /** Names of the groups below `instances`, sorted. */
  readonly groups: ReadonlySet<string>;
}

/** A document is walked once, not once for each of its groups. */
const contentsByDocument = new WeakMap<object, Contents>();

/** The keys of the group itself and those for all groups, and the names of all groups in the document. */
export function readMetadata(
  group: string,
  metadata: unknown,
): { own: GroupReading; shared: GroupReading; groups: ReadonlySet<string> } {
  const { byGroup, shared, miscased, groups } = contentsOf(metadata);
  const prefix = `${PREFIX}${INSTANCES}.${group}.`;
  const ofAll = readSection({ place: "metadata", prefix: PREFIX, entries: shared });
  return {
    own: readSection({ place: "metadata", prefix, entries: byGroup.get(group) ?? new Map() }),
    shared: { ...ofAll, problems: [...ofAll.problems, ...miscased] },
    groups,
  };
}

/** The names of all groups in the document, sorted. */
export function listMetadataGroups(metadata: unknown): readonly string[] {
  return [...contentsOf(metadata).groups];
}

function contentsOf(metadata: unknown): Contents {
  if (!isObject(metadata)) return { byGroup: new Map(), shared: new Map(), miscased: [], groups: new Set() };
  const contents = contentsByDocument.get(metadata) ?? walk(metadata);
  contentsByDocument.set(metadata, contents);
  return contents;
}

function walk(metadata: object): Contents {
  const values: Values = new Map();
  const miscased: SettingProblem[] = [];
  for (const [key, value] of sortedEntries(metadata)) {
    if (key === "keepalived" || key.startsWith(PREFIX)) collect(key.slice(PREFIX.length), value, 1, values);
    else if (isMiscased(key)) miscased.push(...[miscasedKeyProblem("metadata", key, value) ?? []].flat());
  }
  const shared: Values = new Map();
  const byGroup = new Map<string, Values>();
  for (const [path, value] of values) {
    const group = groupOf(path);
    if (group === undefined) shared.set(path, value);
    else {
      const own: Values = byGroup.get(group) ?? new Map();
      byGroup.set(group, own.set(path.slice(`${INSTANCES}.${group}.`.length), value));
    }
  }
  // a key `instances.` names no group
  const groups = [...byGroup.keys()].filter((name) => name !== "").toSorted();
  return { byGroup, miscased, shared, groups: new Set(groups) };
}

/** The group that a path belongs to; undefined if it is for all groups. */
function groupOf(path: string): string | undefined {
  const [first, name] = path.split(".");
  return first === INSTANCES ? name : undefined;
}

function collect(path: string, value: unknown, depth: number, values: Values): void {
  const isEmpty = isObject(value) && Object.keys(value).length === 0;
  // an empty object is kept: it may be a group without keys of its own
  if (isEmpty) collect(path, null, depth, values);
  else if (isObject(value) && depth < DEEPEST) {
    for (const [key, inner] of sortedEntries(value)) {
      collect(path === "" ? key : `${path}.${key}`, inner, depth + 1, values);
    }
  } else if (!values.has(path)) values.set(path, value);
}

/** Sorted, so that the order of keys has no effect; `check` comes before `check.ports`. */
function sortedEntries(value: object): [string, unknown][] {
  return Object.entries(value).toSorted(([a], [b]) => (a < b ? -1 : 1));
}

function isObject(value: unknown): value is object {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
