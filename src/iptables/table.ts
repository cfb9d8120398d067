/**
 * One table in the text of `iptables-save`, which may hold several.
 *
 * Only a text that ends in COMMIT is a table: a save that was cut short looks like a table with fewer rules.
 */

import { endOutsideQuotes } from "./quoting.ts";
import { formatRule, type Rule, readRule } from "./rule.ts";
import type { EarlierTable } from "./table-read.ts";

export interface Table {
  readonly chains: ReadonlyMap<string, Chain>;
  /** Those that packets meet before this one, in the order of their priorities. */
  readonly earlier?: readonly ParsedEarlier[];
  /** The policy of PREROUTING as a rule, where it is DROP. */
  readonly policy?: Rule | undefined;
}

export interface ParsedEarlier {
  readonly priority: number;
  readonly table: Table;
  /** The policy of PREROUTING as a rule, where it is DROP. */
  readonly policy: Rule | undefined;
}

/** Tables of iptables that are read. */
export type TableName = "nat" | "filter" | "raw" | "mangle";

export interface Chain {
  /** In the order in which packets meet them. */
  readonly rules: readonly Rule[];
  /** Those of them that a packet to this port may meet. A table may have rules for thousands of ports. */
  rulesForPort(port: number): readonly Rule[];
  /** The number of rules. */
  readonly size: number;
  /** The number of rules of which a part cannot be read (`Rule.unread`). */
  readonly unreadable: number;
}

/** `table-incompatible`: iptables-nft cannot express the table. `truncated`: the text holds no complete table. */
export interface TableProblem {
  readonly problem: "table-incompatible" | "truncated";
}

/** Jumps within jumps. nft refuses more than 16, so this only ends the walk in text that the kernel did not write. */
export const MAX_JUMP_DEPTH = 64;

/**
 * Only a comment can hold line breaks. The longest has 256 bytes, which may all be escaped, plus the rule around it.
 */
const MAX_RULE_WITH_LINE_BREAKS = 2048;

export function parseTable(text: string, name: TableName): Table | TableProblem {
  const lines = new Map<string, string[]>();
  let isInside = false;
  for (const line of linesOf(text)) {
    const isEnd = isInside && line.startsWith("COMMIT") && line.trimEnd() === "COMMIT";
    if (isEnd) return tableOf(lines, name);
    if (isInside && line.startsWith("*")) break;
    if (isInside) addToChain(lines, line);
    else isInside = line.trimEnd() === `*${name}`;
  }
  const isIncompatible =
    !isInside && text.split("\n").some((line) => line.startsWith(`# Table \`${name}' is incompatible`));
  return { problem: isIncompatible ? "table-incompatible" : "truncated" };
}

function tableOf(lines: ReadonlyMap<string, readonly string[]>, table: TableName): Table {
  return {
    chains: new Map([...lines].map(([name, ofChain]) => [name, parseOnFirstUse(name, ofChain, table)])),
  };
}

/** A table that packets meet before the nat tables. Undefined where the text has none of this name. */
export function parseEarlier({
  name,
  priority,
  text,
}: EarlierTable): ParsedEarlier | TableProblem | undefined {
  const table = parseTable(text, name);
  if ("problem" in table) {
    const isBegun = new RegExp(`^[*]${name}\\s*$`, "m").test(text);
    return isBegun || table.problem === "table-incompatible" ? table : undefined;
  }
  return { priority, table, policy: dropPolicyIn(text, name) };
}

/** The policy of PREROUTING as a rule, where it is DROP. */
export function dropPolicyIn(text: string, name: TableName): Rule | undefined {
  const head = text.slice(text.indexOf(`*${name}`));
  const isDropping = /^[*]\S+\r?\n(?::.*\n)*?:PREROUTING DROP /.test(head);
  return isDropping ? readRule("-P PREROUTING DROP", "PREROUTING", name) : undefined;
}

export interface RulesOfTable {
  readonly chains: ReadonlyMap<string, Pick<Chain, "rules">>;
}

/** Text of a nat table with the same rules. Policies and counters are not part of a `Table`. */
export function formatNatTable({ chains }: RulesOfTable): string {
  const names = [...chains.keys()].map((name) => `:${name} - [0:0]`);
  const rules = [...chains.values()].flatMap((chain) => chain.rules.map(formatRule));
  return ["*nat", ...names, ...rules, "COMMIT", ""].join("\n");
}

/** Files `:CHAIN POLICY [0:0]`, `-A CHAIN ...` or `[0:0] -A CHAIN ...` under its chain, and ignores any other line. */
function addToChain(lines: Map<string, string[]>, line: string): void {
  // nearly every line is such a rule
  const nameEnd = line.startsWith("-A ") ? line.indexOf(" ", 3) : -1;
  if (nameEnd > 3) {
    openChain(lines, line.slice(3, nameEnd)).push(line);
    return;
  }
  const words = line.split(" ", 3);
  const [first = "", second = ""] = line.startsWith("[") ? words.slice(1) : words;
  if (first.startsWith(":")) openChain(lines, first.slice(1));
  else if (first === "-A" || first === "--append") openChain(lines, second).push(line);
}

function openChain(lines: Map<string, string[]>, name: string): string[] {
  const known = lines.get(name);
  if (known !== undefined) return known;
  const ofChain: string[] = [];
  lines.set(name, ofChain);
  return ofChain;
}

/**
 * Parses a rule when it is first used: most chains of a large table are not Rancher's, and are never walked, and of Rancher's
 * rules only those of the ports in question are.
 */
function parseOnFirstUse(name: string, lines: readonly string[], table: TableName): Chain {
  const parsed: Rule[] = [];
  const ruleAt = (index: number): Rule => {
    const rule = parsed[index] ?? readRule(lines[index] ?? "", name, table);
    parsed[index] = rule;
    return rule;
  };
  let byPort: PortIndex | undefined;
  let rules: readonly Rule[] | undefined;
  const all = (): readonly Rule[] => {
    rules ??= lines.map((_, index) => ruleAt(index));
    return rules;
  };
  return {
    size: lines.length,
    get rules() {
      return all();
    },
    rulesForPort: (port) => {
      if (lines.length < INDEXED_RULES) return all();
      byPort ??= indexByPort(lines);
      return indexesFor(byPort, port).map(ruleAt);
    },
    get unreadable() {
      return all().filter(({ unread }) => unread !== undefined).length;
    },
  };
}

/** An index of fewer rules costs more than it saves. */
const INDEXED_RULES = 32;

/** The indexes of the lines for one port each, and of all other lines. */
interface PortIndex {
  readonly ofPort: ReadonlyMap<number, readonly number[]>;
  readonly others: readonly number[];
}

function indexByPort(lines: readonly string[]): PortIndex {
  const ofPort = new Map<number, number[]>();
  const others: number[] = [];
  for (const [index, line] of lines.entries()) {
    const port = solePort(line);
    const ofThis = port === undefined ? others : ofPort.get(port);
    if (ofThis !== undefined) ofThis.push(index);
    else if (port !== undefined) ofPort.set(port, [index]);
  }
  return { ofPort, others };
}

function indexesFor({ ofPort, others }: PortIndex, port: number): readonly number[] {
  const ofThis = ofPort.get(port) ?? [];
  return others.length === 0 ? ofThis : [...others, ...ofThis].toSorted((a, b) => a - b);
}

const PORT_OPTION = " --dport ";

/** The one port that a rule selects, by its text. Undefined where other ports are possible, or where only the parser knows. */
function solePort(line: string): number | undefined {
  const at = line.indexOf(PORT_OPTION);
  if (at === -1 || line.charAt(at - 1) === "!" || /["[]/.test(line)) return undefined;
  const start = at + PORT_OPTION.length;
  const end = line.indexOf(" ", start);
  const text = end === -1 ? line.slice(start) : line.slice(start, end);
  return /^\d+$/.test(text) ? Number(text) : undefined;
}

/** The lines of the text. A line break within quotes does not end a line: iptables prints those of a comment as they are. */
function* linesOf(text: string): Generator<string> {
  let start = 0;
  while (start < text.length) {
    const lineBreak = text.indexOf("\n", start);
    let end = lineBreak === -1 ? text.length : lineBreak;
    if (text.slice(start, end).includes('"')) end = start + ruleLength(text, start, end);
    yield text.slice(start, end);
    start = end + 1;
  }
}

/** The length of a rule whose line holds a quote. A quote that is never closed spoils only its own line. */
function ruleLength(text: string, start: number, end: number): number {
  const ahead = text.slice(start, start + MAX_RULE_WITH_LINE_BREAKS);
  return endOutsideQuotes(ahead, 0, (code) => code === 0x0a) ?? end - start;
}
