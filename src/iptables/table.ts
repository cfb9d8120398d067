/**
 * The nat table in the text of `iptables-save`, of which it may be one table among several; others read the same.
 *
 * A save that was cut short reads like a table with fewer rules, so only one that ends in COMMIT is a table.
 */
import { formatRule, type NatRule, parseRule } from "./rule.ts";
import { endOutsideQuotes } from "./words.ts";

export interface NatTable {
  readonly chains: ReadonlyMap<string, NatChain>;
}

export interface NatChain {
  /** In order. */
  readonly rules: readonly NatRule[];
  /** How many of its lines could not be read, and are not among the rules. */
  readonly unreadable: number;
}

/** `table-incompatible`: iptables-nft cannot express what it found. `truncated`: no complete table is there. */
export interface TableProblem {
  readonly problem: "table-incompatible" | "truncated";
}

/** A comment of 256 bytes, the longest there is, with every byte escaped, and the rule around it. */
const LONGEST_RULE_WITH_LINE_BREAKS = 2048;

export function parseNatTable(text: string): NatTable | TableProblem {
  return parseTable(text, "nat");
}

export function parseTable(text: string, name: "nat" | "filter"): NatTable | TableProblem {
  const lines = new Map<string, string[]>();
  let isInside = false;
  for (const line of linesOf(text)) {
    const isEnd = isInside && line.trimEnd() === "COMMIT";
    if (isEnd) return tableOf(lines);
    if (isInside) sortIn(lines, line);
    else isInside = line.trimEnd() === `*${name}`;
  }
  const isIncompatible =
    !isInside && text.split("\n").some((line) => line.startsWith(`# Table \`${name}' is incompatible`));
  return { problem: isIncompatible ? "table-incompatible" : "truncated" };
}

function tableOf(lines: ReadonlyMap<string, readonly string[]>): NatTable {
  return { chains: new Map([...lines].map(([name, ofChain]) => [name, readWhenAsked(ofChain)])) };
}

/** Text with the same rules; policies and counters are not part of a NatTable. */
export function formatNatTable({ chains }: NatTable): string {
  const names = [...chains.keys()].map((name) => `:${name} - [0:0]`);
  const rules = [...chains.values()].flatMap((chain) => chain.rules.map(formatRule));
  return ["*nat", ...names, ...rules, "COMMIT", ""].join("\n");
}

/** `:CHAIN POLICY [0:0]`, `-A CHAIN ...` or `[0:0] -A CHAIN ...`; anything else is passed over. */
function sortIn(lines: Map<string, string[]>, line: string): void {
  const words = line.split(" ", 3);
  const [first = "", second = ""] = line.startsWith("[") ? words.slice(1) : words;
  if (first.startsWith(":")) openChain(lines, first.slice(1));
  else if (first === "-A" || first === "--append") openChain(lines, second).push(line);
}

function openChain(lines: Map<string, string[]>, name: string): string[] {
  const ofChain = lines.get(name) ?? [];
  lines.set(name, ofChain);
  return ofChain;
}

/** Most chains of a large table are of others and are never walked, so a chain is read when it is first used. */
function readWhenAsked(lines: readonly string[]): NatChain {
  let chain: NatChain | undefined;
  const read = (): NatChain => {
    const rules = lines.map(parseRule).filter((rule) => rule !== undefined);
    chain = { rules, unreadable: lines.length - rules.length };
    return chain;
  };
  return {
    get rules() {
      return (chain ?? read()).rules;
    },
    get unreadable() {
      return (chain ?? read()).unreadable;
    },
  };
}

/** Lines, where a line break within quotes ends none: iptables writes those of a comment as they are. */
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

/** A quote that is never closed spoils its own line only. */
function ruleLength(text: string, start: number, end: number): number {
  const ahead = text.slice(start, start + LONGEST_RULE_WITH_LINE_BREAKS);
  return endOutsideQuotes(ahead, 0, (code) => code === 0x0a) ?? end - start;
}
