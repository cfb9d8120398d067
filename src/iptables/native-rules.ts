/**
 * Native nft rules in a table of iptables-nft: `nft add rule ip nat PREROUTING ip saddr @office accept`.
 *
 * iptables 1.8.9 refuses to save a table with some of them, and saves others without their sets and maps, so that a rule
 * for a few clients looks like one for all. nft lists them as they are, but shows only the names of iptables' own parts. So the
 * rules of both programs are put together, chain by chain.
 */
import { linesOfNftRule } from "./nft-rule-lines.ts";
import { hasXtPart, isSavedShort, type NftRuleset, type NftStatement } from "./nft-ruleset.ts";

/** No client's packet meets them before it is routed. */
const OTHER_HOOKS: ReadonlySet<string> = new Set(["INPUT", "OUTPUT", "POSTROUTING"]);
/** Matches that nft cannot write, so the line is one of iptables. */
const XT_ONLY = / -m (?:addrtype|conntrack|multiport|set|state) /;
const VERDICT = /^(?:ACCEPT|DROP|RETURN)$/;
const RULE = /^-A (\S+)(?: .*?-[jg] (\S+).*)?/;

/** The refusal is a short text. */
const MAX_HEAD = 2_000;

/** Whether iptables-nft refused to save the table. */
export function isIncompatible(save: string): boolean {
  return /^# Table `(?:nat|raw|mangle)' is incompatible/m.test(save.slice(0, MAX_HEAD));
}

/**
 * The lines of a save that may say less than the rule: those without a target, and those with a verdict or a jump.
 * iptables never saves a native translation. Rancher rewrites none of them when a port changes.
 */
export function suspectLines(save: string): readonly string[] {
  const isSuspect = suspicionOf(save);
  return save.split("\n").filter(isSuspect);
}

/** The names stand in front of the rules. */
function chainNamesOf(save: string): ReadonlySet<string | undefined> {
  const firstRule = save.indexOf("\n-A ");
  const head = firstRule === -1 ? save : save.slice(0, firstRule);
  return new Set([...head.matchAll(/^:(\S+) /gm)].map(([, name]) => name));
}

function suspicionOf(save: string): (line: string) => boolean {
  const chains = chainNamesOf(save);
  return (line) => {
    // most lines of a large table are Rancher's, and end here
    if (!line.startsWith("-A ") || line.includes(" -j DNAT ") || XT_ONLY.test(line)) return false;
    const [, chain = "", target] = RULE.exec(line) ?? [];
    if (OTHER_HOOKS.has(chain)) return false;
    return target === undefined || VERDICT.test(target) || chains.has(target);
  };
}

/** The replacement of each suspect line; the line itself if it is complete. */
export type Replacements = readonly (readonly string[])[];

/** Undefined if the two lists do not have the same rules: one changed meanwhile. */
export function replacementsFor(save: string, ruleset: NftRuleset): Replacements | undefined {
  const isSuspect = suspicionOf(save);
  const counts = new Map<string, number>();
  const replacements: string[][] = [];
  for (const line of save.split("\n")) {
    const chain = RULE.exec(line)?.[1];
    if (chain === undefined) continue;
    const index = counts.get(chain) ?? 0;
    counts.set(chain, index + 1);
    if (!isSuspect(line)) continue;
    const rule = ruleset.chains.get(chain)?.[index];
    if (rule === undefined) return undefined;
    replacements.push(isShortened(line, rule) ? linesOfNftRule(chain, rule, { index }) : [line]);
  }
  const isWhole = [...ruleset.chains].every(([chain, rules]) => rules.length === (counts.get(chain) ?? 0));
  return isWhole ? replacements : undefined;
}

/** Whether iptables left a part or the end of a range out. */
function isShortened(line: string, rule: readonly NftStatement[]): boolean {
  if (hasXtPart(rule)) return false;
  return !/ -[jg] /.test(line) || isSavedShort(rule) || JSON.stringify(rule).includes('"range":');
}

export function replaceSuspects(save: string, replacements: Replacements): string {
  const isSuspect = suspicionOf(save);
  let next = 0;
  const lines = save.split("\n").flatMap((line) => {
    if (!isSuspect(line)) return [line];
    next += 1;
    return replacements[next - 1] ?? [line];
  });
  return lines.join("\n");
}

/** Chains whose rules iptables alone can show in full, of those that a client's packet may meet. */
export function chainsToList(ruleset: NftRuleset): string[] {
  return [...ruleset.chains]
    .filter(([name, rules]) => !OTHER_HOOKS.has(name) && rules.some(hasXtPart))
    .map(([name]) => name);
}

export interface ChainTexts {
  /** By chain, the output of `iptables -S CHAIN`, where iptables can express the chain. */
  readonly listings: ReadonlyMap<string, string>;
  /** The output of `nft list table`. */
  readonly nftText: string;
}

/** A save of a table that iptables-nft cannot save. */
export function saveOfRuleset(
  ruleset: NftRuleset,
  { listings, nftText }: ChainTexts,
  table: "nat" | "raw" | "mangle" = "nat",
): string {
  const policyOf = (name: string) => (ruleset.dropping.has(name) ? "DROP" : "-");
  const names = [...ruleset.chains.keys()].map((name) => `:${name} ${policyOf(name)} [0:0]`);
  const rules = [...ruleset.chains].flatMap(([name, ofChain]) => {
    const listed = (listings.get(name) ?? "").split("\n").filter((line) => line.startsWith("-A "));
    const isListed = listings.has(name) && listed.length === ofChain.length;
    return isListed ? mergeListed(name, listed, ofChain) : translate(name, ofChain, nftText);
  });
  return [`*${table}`, ...names, ...rules, "COMMIT", ""].join("\n");
}

function mergeListed(
  chain: string,
  listed: readonly string[],
  rules: readonly (readonly NftStatement[])[],
): readonly string[] {
  return listed.flatMap((line, index) => {
    const rule = rules[index];
    return rule === undefined || hasXtPart(rule) ? [line] : linesOfNftRule(chain, rule, { index });
  });
}

function translate(
  chain: string,
  rules: readonly (readonly NftStatement[])[],
  nftText: string,
): readonly string[] {
  const texts = ruleTexts(nftText, chain);
  const isSame = texts.length === rules.length;
  return rules.flatMap((rule, index) =>
    linesOfNftRule(chain, rule, { index, text: isSame ? texts[index] : "" }),
  );
}

/** The lines of a chain in the output of `nft list table`, without the one that says where a base chain is hooked in. */
function ruleTexts(nftText: string, chain: string): readonly string[] {
  const lines = nftText.split("\n");
  const start = lines.indexOf(`\tchain ${chain} {`);
  if (start === -1) return [];
  const ofChain = lines.slice(start + 1, lines.indexOf("\t}", start));
  return ofChain.filter((line) => !/^\t\ttype \S+ hook /.test(line));
}

const FILTER_RULE = /^(?:\[\d+:\d+\] )?-A (\S+)/;
const PORT_RANGE = / --[ds]port \d+:\d+/;

/**
 * The same in a filter table: iptables saves `nft add rule ip filter FORWARD tcp dport { 22, 23 } drop` as `-p tcp -j DROP`. A rule
 * that seems to drop all packets must not take the VIP from a host, so each rule of which a part is missing gets a doubt.
 *
 * @returns undefined where the two do not have the same rules: one changed meanwhile.
 */
export function doubtShortened(save: string, ruleset: NftRuleset): string | undefined {
  const counts = new Map<string, number>();
  const lines: string[] = [];
  for (const line of save.split("\n")) {
    const chain = FILTER_RULE.exec(line)?.[1];
    const index = chain === undefined ? 0 : (counts.get(chain) ?? 0);
    if (chain !== undefined) counts.set(chain, index + 1);
    const rule = chain === undefined ? [] : ruleset.chains.get(chain)?.[index];
    if (rule === undefined) return undefined;
    lines.push(isShortenedInFilter(line, rule) ? line.replace(/ -[jg] /, " -m doubt$&") : line);
  }
  const isWhole = [...ruleset.chains].every(([chain, rules]) => rules.length === (counts.get(chain) ?? 0));
  return isWhole ? lines.join("\n") : undefined;
}

/** Whether iptables left a part or the end of a range out. A range of ports it can say. */
function isShortenedInFilter(line: string, rule: readonly NftStatement[]): boolean {
  const hasRange = JSON.stringify(rule).includes('"range":');
  return isSavedShort(rule) || (hasRange && !PORT_RANGE.test(line));
}
