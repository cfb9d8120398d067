/**
 * One rule of a chain, as `iptables-save` writes it: `-A CHAIN -d A/32 ! -i B -m tcp --dport 80 -j DNAT ...`.
 *
 * All options are kept, known or not. nat-match.ts and filter-match.ts decide what they mean for a packet.
 */
import { quote, splitWords, unquote } from "./quoting.ts";

/** `! --dport 80` has the name `--dport`, is negated, and has the values `["80"]`. */
export interface RuleOption {
  readonly name: string;
  readonly isNegated: boolean;
  readonly values: readonly string[];
}

/** For example `-m addrtype --dst-type LOCAL`. */
export interface RuleMatch {
  readonly module: string;
  readonly options: readonly RuleOption[];
}

/** For example `-j DNAT --to-destination 10.42.1.2:80`, or `-g CHAIN`, to which no RETURN comes back. */
export interface RuleTarget {
  readonly name: string;
  readonly isGoto: boolean;
  readonly options: readonly RuleOption[];
}

/** Behind the jump to a chain that is a part of a native nft rule. A RETURN there is one from the chain of the rule. */
export const PART_OF_RULE = "--part-of-rule";

export interface Rule {
  /** Undefined for the nat and filter tables, which are the usual ones. */
  readonly table?: "raw" | "mangle";
  readonly chain: string;
  /** The options that belong to no match: `-s`, `-d`, `-i`, `-o`, `-p`, `-f`. */
  readonly options: readonly RuleOption[];
  readonly matches: readonly RuleMatch[];
  readonly target: RuleTarget | undefined;
  /** The line, if a part of it cannot be read. Then only the words before that part are known, and never the target. */
  readonly unread?: string;
}

const BASIC = new Set(["-s", "-d", "-i", "-o", "-p", "-f"]);

/** The options after them belong to the match or target that they name. */
const OPENING = new Set(["-m", "-j", "-g"]);

/** iptables-restore also takes the long forms, so people write them. iptables-save writes the short forms. */
const SHORT_FORMS: ReadonlyMap<string, string> = new Map(
  Object.entries({
    "--append": "-A",
    "--source": "-s",
    "--src": "-s",
    "--destination": "-d",
    "--dst": "-d",
    "--in-interface": "-i",
    "--out-interface": "-o",
    "--protocol": "-p",
    "--fragment": "-f",
    "--match": "-m",
    "--jump": "-j",
    "--goto": "-g",
  }),
);

/** Options with one value of free text. iptables quotes it only where it must: `--comment --dport` is a comment. */
const TEXT_OPTIONS = new Set(["--comment", "--log-prefix", "--nflog-prefix", "--ulog-prefix", "--string"]);

/** The rule of an `-A` line, with or without `[packets:bytes]` before it. Undefined for any other line. */
export function parseRule(line: string): Rule | undefined {
  const words = splitWords(line);
  if (words === undefined) return undefined;
  const { options, isWhole } = readOptions(words, startOf(words));
  return isWhole ? assemble(options) : undefined;
}

/** The same for a line of a chain of which a part may not be readable, such as `-j DNAT [unsupported revision]`. */
export function readRule(line: string, chain: string, table: TableOfRule): Rule {
  const rule = readPart(line, chain);
  return table === "raw" || table === "mangle" ? { ...rule, table } : rule;
}

type TableOfRule = "nat" | "filter" | "raw" | "mangle";

function readPart(line: string, chain: string): Rule {
  const rule = parseRule(line);
  if (rule !== undefined) return rule;
  const words = splitWords(line) ?? splitWords(line.slice(0, line.indexOf('"'))) ?? [];
  const { options } = readOptions(words, startOf(words));
  const known = options.findLastIndex((_, index) => assemble(options.slice(0, index + 1)) !== undefined);
  const part = assemble(options.slice(0, known + 1)) ?? { chain, options: [], matches: [] };
  return { ...part, target: undefined, unread: line };
}

function startOf(words: readonly string[]): number {
  return words[0]?.startsWith("[") ? 1 : 0;
}

/** One line, from which `parseRule` makes the same rule. The usual table is not named. */
export function formatRule(rule: Rule): string {
  const { table, chain, options, matches, target, unread } = rule;
  // a base chain of nft's own has a name that tells its table
  const where = table === undefined || chain.includes("/") ? "" : `-t ${table} `;
  if (unread !== undefined) return `${where}${unread.replace(/^\[\d+:\d+\] /, "")}`;
  const words = [
    ["-A", chain],
    ...options.map(formatOption),
    ...matches.flatMap((match) => [["-m", match.module], ...match.options.map(formatOption)]),
    ...(target ? [[target.isGoto ? "-g" : "-j", target.name], ...target.options.map(formatOption)] : []),
  ];
  return `${where}${words.flat().join(" ")}`;
}

function formatOption({ name, isNegated, values }: RuleOption): string[] {
  return [...(isNegated ? ["!"] : []), name, ...values.map(quote)];
}

/** All words from `start` on, as options, up to a word that belongs to no option. */
function readOptions(words: readonly string[], start: number) {
  const options: RuleOption[] = [];
  let at = start;
  while (at < words.length) {
    const isBefore = words[at] === "!";
    if (isBefore) at += 1;
    const word = words[at];
    if (!word?.startsWith("-")) return { options, isWhole: false };
    const isBehind = !isBefore && isValueNegated(words, at);
    const first = isBehind ? at + 2 : at + 1;
    const end = TEXT_OPTIONS.has(word) ? at + 2 : nextOption(words, first);
    if (end > words.length) return { options, isWhole: false };
    const name = SHORT_FORMS.get(word) ?? word;
    options.push({ name, isNegated: isBefore || isBehind, values: words.slice(first, end).map(unquote) });
    at = end;
  }
  return { options, isWhole: true };
}

/** iptables before 1.4.3 wrote `-i ! eth0`. The `!` of a later option has that option behind it. */
function isValueNegated(words: readonly string[], at: number): boolean {
  const value = words[at + 2];
  return words[at + 1] === "!" && value !== undefined && !value.startsWith("-");
}

function nextOption(words: readonly string[], from: number): number {
  let at = from;
  while (at < words.length && words[at] !== "!" && !words[at]?.startsWith("-")) at += 1;
  return at;
}

interface Draft {
  readonly options: RuleOption[];
  readonly matches: { readonly module: string; readonly options: RuleOption[] }[];
  target: { readonly name: string; readonly isGoto: boolean; readonly options: RuleOption[] } | undefined;
}

/** Gives each option to the match or target before it. */
function assemble([append, ...rest]: readonly RuleOption[]): Rule | undefined {
  const chain = append?.name === "-A" ? soleValue(append) : undefined;
  if (chain === undefined) return undefined;
  const draft: Draft = { options: [], matches: [], target: undefined };
  let holder: RuleOption[] | undefined = draft.options;
  for (const option of rest) {
    if (OPENING.has(option.name)) holder = openHolder(draft, option);
    else if (BASIC.has(option.name)) draft.options.push(option);
    else holder.push(option);
    if (holder === undefined) return undefined;
  }
  return { chain, ...draft };
}

/** The list for the options of a new match or target. Undefined for one without a name, and for a second target. */
function openHolder(draft: Draft, option: RuleOption): RuleOption[] | undefined {
  const name = soleValue(option);
  if (name === undefined) return undefined;
  const options: RuleOption[] = [];
  if (option.name === "-m") {
    draft.matches.push({ module: name, options });
    return options;
  }
  if (draft.target !== undefined) return undefined;
  draft.target = { name, isGoto: option.name === "-g", options };
  return options;
}

function soleValue({ isNegated, values }: RuleOption): string | undefined {
  return isNegated || values.length !== 1 ? undefined : values[0];
}
