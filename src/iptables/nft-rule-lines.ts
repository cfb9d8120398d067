/**
 * A rule of `nft -j` in lines of iptables-save, so that one walk follows the rules of both programs.
 *
 * A rule may need several lines: one for each address of a set. A statement that these lines cannot express ends the
 * line with `-j nft [...]`. Such a rule cannot be read in full: the verdict is unknown, and the rule is named.
 */
import {
  type Alternatives,
  allOf,
  conditionsOf,
  doubt,
  impliedBy,
  plainText,
  saysField,
  undecided,
} from "./nft-condition.ts";
import { objectOf } from "./nft-fields.ts";
import type { NftStatement } from "./nft-ruleset.ts";
import { isMetered, meteredBy, NFT_VERDICTS, targetOf } from "./nft-target.ts";
import { PART_OF_RULE } from "./rule.ts";

/** More lines would not help anyone. */
const MAX_LINES = 200;

/** Statements that do not affect a client's path. */
const WITHOUT_EFFECT: ReadonlySet<string> = new Set(
  "comment continue counter dup flow last log".split(" ").concat("ct expectation", "ct helper", "ct timeout"),
);
/** iptables' own targets that do not affect it either. */
const PASSING_XT: ReadonlySet<string> = new Set(["LOG", "NFLOG", "TRACE", "CONNMARK", "TCPMSS"]);
/** Fields of a packet that may change on its way. */
const PASSING_FIELDS: ReadonlySet<string> = new Set(["dscp", "ecn", "hoplimit", "priority", "ttl"]);

/** Targets after which no packet comes to the next rule with other marks. */
const MARKLESS: ReadonlySet<string> = new Set([
  ...NFT_VERDICTS.values(),
  "DNAT",
  "NOTRACK",
  "REDIRECT",
  "nft",
]);
/** Matches of which a second answer may differ from the first. */
const CHANGING: ReadonlySet<string> = new Set(["connmark", "mark", "nft", "rpfilter", "set"]);

export interface RuleContext {
  /** Counted from 0 in its chain. */
  readonly index?: number;
  /** The rule as `nft list` prints it, where that is known: it shows what JSON hides of iptables' own parts. */
  readonly text?: string | undefined;
  /** Whether packets of both families meet it, as in a table `inet`. */
  readonly isOfBothFamilies?: boolean;
}

/** What a statement does with the packets that come to it. Of several, the first one whose condition holds. */
type Act = readonly { readonly condition: Alternatives; readonly words: readonly string[] }[];
type Part = { readonly condition: Alternatives } | { readonly act: Act };

interface Draft {
  readonly lines: string[];
  /** The name of a chain for a part of the rule: `PREROUTING#3` for the third rule of PREROUTING. */
  readonly nextChain: () => string;
}

const EVERYBODY: Alternatives = [[]];

/** The lines ask each condition once, before anything that the rule does may change the answer. */
export function linesOfNftRule(
  chain: string,
  rule: readonly NftStatement[],
  { index = 0, text = "", isOfBothFamilies = false }: RuleContext = {},
): string[] {
  const unread = ["-j", "nft", `[${plainText(rule)}]`];
  let chains = 0;
  const nextChain = () => {
    chains += 1;
    return chains === 1 ? `${chain}#${index + 1}` : `${chain}#${index + 1}.${chains}`;
  };
  const draft: Draft = { lines: [], nextChain };
  const isWritten = write(draft, chain, partsOf(rule, text, isOfBothFamilies));
  return isWritten && draft.lines.length <= MAX_LINES ? draft.lines : [lineOf(chain, [], unread)];
}

function partsOf(rule: readonly NftStatement[], text: string, isOfBothFamilies: boolean): Part[] {
  const implied = new Set<string>();
  return rule.flatMap((statement) => {
    const words = impliedBy(statement, isOfBothFamilies).filter((some) => !implied.has(some.join(" ")));
    for (const some of words) implied.add(some.join(" "));
    const own = partOf(statement, text);
    return [...words.map((some) => ({ condition: [some] })), ...(own === undefined ? [] : [own])];
  });
}

/** Undefined for a statement without effect. */
function partOf(statement: NftStatement, text: string): Part | undefined {
  const [name = "", value] = Object.entries(statement)[0] ?? [];
  if (WITHOUT_EFFECT.has(name) || isWithoutEffect(name, value)) return undefined;
  const condition = conditionOf(name, value, text);
  if (condition !== undefined) return { condition };
  if (name === "vmap") return { act: verdictsOf(value) };
  const words = targetOf(name, value, text) ?? ["-j", "nft", `[${plainText(statement)}]`];
  return { act: [{ condition: EVERYBODY, words }] };
}

/** @returns false where there would be too many lines. */
function write(draft: Draft, chain: string, parts: readonly Part[]): boolean {
  let condition = EVERYBODY;
  for (const [at, part] of parts.entries()) {
    if (condition.length > MAX_LINES) return false;
    if ("condition" in part) {
      condition = allOf(condition, part.condition);
      continue;
    }
    const rest = parts.slice(at);
    const isAskedAgain = rest.length > 1 || (condition.length > 1 && part.act.some(comesBack));
    if (isAskedAgain && condition !== EVERYBODY && condition.some(mayChange)) {
      return write(draft, enter(draft, chain, condition, rest), rest);
    }
    sayAct(draft, chain, condition, part.act);
  }
  return true;
}

/** @returns the chain for the rest of the rule. */
function enter(
  { lines, nextChain }: Draft,
  chain: string,
  condition: Alternatives,
  rest: readonly Part[],
): string {
  const verdicts = rest.flatMap((part) => ("act" in part ? part.act : []));
  const isOneWay = rest.every(
    (part) => "act" in part && part.act.length === 1 && part.act.every((one) => one.condition === EVERYBODY),
  );
  const leavesChain = verdicts.some(({ words: [verb, target] }) => verb === "-g" || target === "RETURN");
  const own = nextChain();
  if (leavesChain && isOneWay) {
    lines.push(...condition.map((words) => lineOf(chain, words, ["-g", own])));
    return own;
  }
  // a RETURN there is one from this chain
  const flag = leavesChain ? [PART_OF_RULE] : [];
  if (condition.length === 1) {
    lines.push(...condition.map((words) => lineOf(chain, words, ["-j", own, ...flag])));
    return own;
  }
  // an alternative must not meet the packets that come back from the one before
  const inner = nextChain();
  lines.push(
    lineOf(chain, [], ["-j", own, ...flag]),
    ...condition.map((words) => lineOf(own, words, ["-g", inner, ...flag])),
  );
  return inner;
}

function sayAct({ lines, nextChain }: Draft, chain: string, condition: Alternatives, act: Act): void {
  const say = (where: string, given: Alternatives, some: Act) => {
    for (const { condition: also, words } of some)
      lines.push(...allOf(given, also).map((one) => lineOf(where, one, words)));
  };
  const back = act.filter(comesBack);
  if (back.length < 2 || !back.some((one) => one.condition.some(mayChange))) {
    say(chain, condition, act);
    return;
  }
  say(
    chain,
    condition,
    act.filter((one) => !comesBack(one)),
  );
  const own = nextChain();
  lines.push(...condition.map((words) => lineOf(chain, words, ["-j", own])));
  say(
    own,
    EVERYBODY,
    back.map(({ condition: also, words: [, target = ""] }) => ({ condition: also, words: ["-g", target] })),
  );
}

function lineOf(chain: string, condition: readonly string[], words: readonly string[]): string {
  return ["-A", chain, ...condition, ...words].join(" ");
}

/** Whether packets may come to the next rule, with other marks than before. */
function comesBack({ words: [verb, target = ""] }: Act[number]): boolean {
  return verb === "-j" && !MARKLESS.has(target);
}

/** Whether the answer may differ if it is asked twice: marks change, and the same clients must be in a list or in doubt. */
function mayChange(words: readonly string[]): boolean {
  return words.some((word, at) => words[at - 1] === "-m" && CHANGING.has(word));
}

function isWithoutEffect(name: string, value: unknown): boolean {
  const { type, name: xt } = objectOf(value);
  if (name === "xt") return type === "match" ? xt === "comment" : PASSING_XT.has(String(xt));
  // a mark is followed; other keys of meta and ct decide no rule
  return name === "mangle" && isOtherKey(objectOf(objectOf(value)["key"]));
}

function isOtherKey({ meta, ct, payload }: NftStatement): boolean {
  const holder = meta ?? ct;
  if (holder !== undefined) return objectOf(holder)["key"] !== "mark";
  return PASSING_FIELDS.has(String(objectOf(payload)["field"]));
}

/** A rate in packets a second, as iptables says it. */
function limitOf(limit: NftStatement): Alternatives {
  const { rate, per, inv, rate_unit: unit = "packets" } = limit;
  const isInPackets = typeof rate === "number" && per === "second" && unit === "packets" && inv !== true;
  return isInPackets ? [["-m", "limit", "--limit", `${rate}/second`]] : undecided({ limit });
}

function conditionOf(name: string, value: unknown, text: string): Alternatives | undefined {
  if (name === "match") return conditionsOf(value);
  if (name === "limit") return limitOf(objectOf(value));
  if (name === "quota" || name === "ct count") return undecided({ [name]: value });
  if (isMetered(name, value)) return meteredBy(value) ?? undecided({ [name]: value });
  const { type, name: xt } = objectOf(value);
  if (name !== "xt" || type !== "match") return undefined;
  const isLocal = xt === "addrtype" && /\bfib daddr type local\b/.test(text);
  return isLocal ? [["-m", "addrtype", "--dst-type", "LOCAL"]] : doubt({ xt });
}

/** `tcp dport vmap { 80 : accept }` has a condition for each element. The elements of a named map may change. */
function verdictsOf(vmap: unknown): Act {
  const { key, data } = objectOf(vmap);
  const elements = objectOf(data)["set"];
  const verdicts = Array.isArray(elements) ? elements.map((element) => verdictOf(key, element)) : [undefined];
  const read = verdicts.flatMap((verdict) => (verdict === undefined ? [] : [verdict]));
  if (read.length < verdicts.length) {
    return [{ condition: EVERYBODY, words: ["-j", "nft", `[${plainText({ vmap })}]`] }];
  }
  return read.filter(({ words }) => words.length > 0);
}

/** Undefined for the element `*` too, which stands for every other value. */
function verdictOf(key: unknown, element: unknown): Act[number] | undefined {
  if (!Array.isArray(element) || element[0] === "*") return undefined;
  const [value, verdict] = element;
  const [name = "", argument] = Object.entries(objectOf(verdict))[0] ?? [];
  const condition = saysField(key, value);
  const words = name === "continue" ? [] : targetOf(name, argument, "");
  return condition === undefined || words === undefined ? undefined : { condition, words };
}
