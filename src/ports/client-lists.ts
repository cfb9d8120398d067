/**
 * Lists of clients that the table fills by itself: those of `-m recent`, and the sets of `-j SET`.
 *
 * A list whose entries the rules do not show counts as a few clients. A list that rules fill may have any client, such
 * as one that came to another port, or that comes again. But a client that a rule put into a list on this very way is surely
 * in it, and one that a rule took out is surely not. If that rule is in doubt, the list may have every client, and cannot be read.
 */
import type { Rule, RuleMatch, RuleTarget } from "../iptables/rule.ts";
import type { Table } from "../iptables/table.ts";

/** `recent NAME` or `set NAME`. */
export type FilledLists = ReadonlySet<string>;

/** The entries of a client in one list that rules on its way put there. */
export interface ListEntries {
  /** The list surely has these. */
  readonly least: number;
  /** The list may have these: rules in doubt count as well. With 0 the client is surely not in the list. */
  readonly most: number;
}

/**
 * What rules did with a client on this way. Earlier packets may have put more entries there. The key also tells which address is
 * listed: `recent NAME --rdest`, `set NAME src`.
 */
export type KnownEntries = ReadonlyMap<string, ListEntries>;

/** Whether a client came to a match: surely, only if it is one of a few, or nobody knows. */
export type Coming = "surely" | "as-one-of-few" | "perhaps";

/** The names hold for all tables. */
export function filledListsOf(tables: readonly Table[]): FilledLists {
  const rules = tables.flatMap(({ chains }) => [...chains.values()].flatMap((chain) => chain.rules));
  return new Set(rules.flatMap((rule) => [...filledByMatches(rule), ...filledByTarget(rule)]));
}

export function setList(name: string): string {
  return `set ${name}`;
}

/** How a `-m recent` asks a list for a client, or changes it. */
export interface RecentMatch {
  readonly act: "--set" | "--rcheck" | "--update" | "--remove";
  readonly isNegated: boolean;
  readonly list: string;
  /** One of them is the key of a known entry. */
  readonly side: "--rsource" | "--rdest";
  readonly hitcount: number;
  /** Only an entry of the same TTL is found. */
  readonly hasTtl: boolean;
}

const RECENT_ACTS: ReadonlySet<string> = new Set(["--set", "--rcheck", "--update", "--remove"]);
const RECENT_DETAILS: ReadonlySet<string> = new Set([
  "--name",
  "--mask",
  "--rsource",
  "--rdest",
  "--seconds",
  "--hitcount",
  "--rttl",
  "--reap",
]);

/** Undefined where an option is not known. */
export function recentMatch({ options }: RuleMatch): RecentMatch | undefined {
  const [found, ...others] = options.filter(({ name }) => !RECENT_DETAILS.has(name));
  if (found === undefined || others.length > 0 || !isAct(found.name)) return undefined;
  const textOf = (wanted: string) => options.find(({ name }) => name === wanted)?.values[0];
  const has = (wanted: string) => options.some(({ name }) => name === wanted);
  return {
    act: found.name,
    isNegated: found.isNegated,
    list: `recent ${textOf("--name") ?? "DEFAULT"}`,
    side: has("--rdest") ? "--rdest" : "--rsource",
    hitcount: Number(textOf("--hitcount") ?? 1),
    hasTtl: has("--rttl"),
  };
}

function isAct(name: string): name is RecentMatch["act"] {
  return RECENT_ACTS.has(name);
}

/** The entries of the client that the match asks for. Undefined where they are not known. */
export function knownEntries({ list, side }: RecentMatch, known: KnownEntries): ListEntries | undefined {
  return known.get(`${list} ${side}`);
}

/** More entries of one packet are not counted. */
const MAX_ENTRIES = 20;
const NO_ENTRY: ListEntries = { least: 0, most: 0 };

/** What is known of a client after the match. */
export function afterRecent(recent: RecentMatch, known: KnownEntries, coming: Coming): KnownEntries {
  const { act, list, side, hasTtl } = recent;
  const own = `${list} ${side}`;
  if (act === "--set") return afterRecentSet(own, known, coming);
  if (act !== "--remove") return known;
  // with a mask for all addresses, both sides are one entry
  const left = loosen(loosen(known, `${list} --rsource`), `${list} --rdest`);
  return coming === "surely" && !hasTtl ? new Map(left).set(own, NO_ENTRY) : left;
}

function afterRecentSet(key: string, known: KnownEntries, coming: Coming): KnownEntries {
  const { least, most } = known.get(key) ?? NO_ENTRY;
  if (coming === "as-one-of-few") return known.get(key)?.most === 0 ? without(known, key) : known;
  const added = coming === "surely" ? 1 : 0;
  return new Map(known).set(key, {
    least: Math.min(least + added, MAX_ENTRIES),
    most: Math.min(most + 1, MAX_ENTRIES),
  });
}

/** The entries may be gone. */
function loosen(known: KnownEntries, key: string): KnownEntries {
  const { least = 0, most = 0 } = known.get(key) ?? {};
  return least === 0 ? known : new Map(known).set(key, { least: 0, most });
}

/** What is known of a client after `-j SET`. */
export function afterSetTarget({ options }: RuleTarget, known: KnownEntries): KnownEntries {
  let after = known;
  for (const { name, values } of options) {
    const key = `${setList(values[0] ?? "")} ${values[1]}`;
    if (name === "--add-set") after = new Map(after).set(key, { least: 1, most: 1 });
    if (name === "--del-set") after = without(after, key);
  }
  return after;
}

function without(known: KnownEntries, ...keys: readonly string[]): KnownEntries {
  if (!keys.some((key) => known.has(key))) return known;
  return new Map([...known].filter(([key]) => !keys.includes(key)));
}

function filledByMatches({ matches }: Rule): string[] {
  const filling = matches.filter(
    ({ module, options }) => module === "recent" && options.some(({ name }) => name === "--set"),
  );
  return filling.map(
    ({ options }) => `recent ${options.find(({ name }) => name === "--name")?.values[0] ?? "DEFAULT"}`,
  );
}

function filledByTarget({ target }: Rule): string[] {
  if (target?.name !== "SET") return [];
  return target.options.flatMap(({ name, values: [set] }) =>
    name === "--add-set" && set !== undefined ? [setList(set)] : [],
  );
}
