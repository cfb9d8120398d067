/**
 * Lists of clients that the table fills by itself: those of `-m recent`, and the sets of `-j SET`.
 *
 * A list whose entries the rules do not show counts as a few clients. A list that rules fill may have any client, such
 * as one that came to another port, or that comes again.
 */
import type { Rule, RuleMatch } from "../iptables/rule.ts";
import type { Table } from "../iptables/table.ts";

/** `recent NAME` or `set NAME`. */
export type FilledLists = ReadonlySet<string>;

/** The names hold for all tables. */
export function filledListsOf(tables: readonly Table[]): FilledLists {
  const rules = tables.flatMap(({ chains }) => [...chains.values()].flatMap((chain) => chain.rules));
  return new Set(rules.flatMap((rule) => [...filledByMatches(rule), ...filledByTarget(rule)]));
}

/** The name of the list of a `-m recent`. */
export function recentList({ options }: RuleMatch): string {
  return `recent ${options.find(({ name }) => name === "--name")?.values[0] ?? "DEFAULT"}`;
}

export function setList(name: string): string {
  return `set ${name}`;
}

function filledByMatches({ matches }: Rule): string[] {
  const filling = matches.filter(
    ({ module, options }) => module === "recent" && options.some(({ name }) => name === "--set"),
  );
  return filling.map(recentList);
}

function filledByTarget({ target }: Rule): string[] {
  if (target?.name !== "SET") return [];
  return target.options.flatMap(({ name, values: [set] }) =>
    name === "--add-set" && set !== undefined ? [setList(set)] : [],
  );
}
