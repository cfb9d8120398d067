/**
 * A match of a native nft rule in the words of iptables: `ip saddr != 192.0.2.0/24` becomes `! -s 192.0.2.0/24`.
 *
 * A match that cannot be expressed exactly becomes `-m nft`, an unknown match, so that the rule is in doubt.
 */

import {
  EVERY_ADDRESS,
  fieldOf,
  isUndecided,
  objectOf,
  valuesOf,
  wordsOfField,
  wordsOfPorts,
  wordsOfSet,
} from "./nft-fields.ts";
import type { NftStatement } from "./nft-ruleset.ts";
import { quote } from "./quoting.ts";

/** Each alternative is a list of words; a packet meets the condition if it meets one of them. */
export type Alternatives = readonly (readonly string[])[];

/** iptables' words for the protocols whose fields nft knows. */
const PROTOCOLS: ReadonlyMap<unknown, string> = new Map([
  ...["ah", "dccp", "esp", "icmp", "igmp", "sctp", "tcp", "udp", "udplite"].map((name): [string, string] => [
    name,
    name,
  ]),
  ["icmpv6", "ipv6-icmp"],
  ["comp", "ipcomp"],
  // the headers in a tunnel are not those of the packet
  ["vxlan", "udp"],
  ["geneve", "udp"],
  ["gre", "gre"],
  ["gretap", "gre"],
]);
/** What has fields of one protocol or family, other than `payload`. */
const OWNERS: ReadonlyMap<string, string> = new Map([
  ["tcp option", "tcp"],
  ["dccp option", "dccp"],
  ["sctp chunk", "sctp"],
  ["ip option", "ip"],
  ["exthdr", "ip6"],
]);

/** `reject with icmp ...` is for packets of IPv4. `icmpx` is for both families. */
const REJECTING: ReadonlyMap<unknown, string> = new Map([
  ["tcp reset", "tcp"],
  ["icmp", "ip"],
  ["icmpv6", "ip6"],
]);

/** The condition of a `match` statement. */
export function conditionsOf(match: unknown): Alternatives {
  const { op, left, right } = objectOf(match);
  const said =
    flagsCondition(op, left, right) ??
    (op === "==" || op === "!=" || op === "in" ? saysField(left, right, op === "!=") : undefined) ??
    saysField(left, rangeOf(op, right));
  return said ?? (isUndecided(left) ? undecided(match) : doubt(match));
}

/** `< 1024` is `0-1023`, for a field of 16 bits. */
function rangeOf(op: unknown, right: unknown): unknown {
  if (typeof right !== "number") return undefined;
  const [first, last] = [
    { ">": right + 1, ">=": right }[String(op)] ?? 0,
    { "<": right - 1, "<=": right }[String(op)] ?? MAX_16_BITS,
  ];
  return first > 0 || last < MAX_16_BITS ? { range: [first, last] } : undefined;
}

const MAX_16_BITS = 65_535;

/** `tcp flags & (fin | syn) == syn` is `-m tcp --tcp-flags FIN,SYN SYN`. Undefined for any other field. */
function flagsCondition(op: unknown, left: unknown, right: unknown): Alternatives | undefined {
  const parts = objectOf(left)["&"];
  const [field, mask] = Array.isArray(parts) ? parts : [left, undefined];
  const { protocol, field: name } = objectOf(objectOf(field)["payload"]);
  if (protocol !== "tcp" || name !== "flags" || objectOf(right)["set"] !== undefined) return undefined;
  const say = (asked: unknown, set: unknown, isNegated = false) => {
    const words = [flagsText(asked), flagsText(set)];
    return ["-m", "tcp", ...(isNegated ? ["!"] : []), "--tcp-flags", ...words];
  };
  if (op === "==" || op === "!=") return [say(mask ?? "all", right, op === "!=")];
  if (mask !== undefined) return undefined;
  if (op === "in") return [right].flat().map((flag) => say(flag, flag));
  return op === "!" ? [say(right, 0)] : undefined;
}

function flagsText(flags: unknown): string {
  return flags === 0 ? "NONE" : [flags].flat().map(String).join().toUpperCase();
}

/**
 * The condition that nft puts before a statement without showing it: `icmp type 8` holds for packets of ICMP alone, and `ip6 saddr
 * != A` for those of IPv6. Each has its own words, such as `-p icmp`.
 *
 * @param isOfBothFamilies whether packets of both families meet the rule. In a table of one family, all are of that one.
 */
export function impliedBy(statement: NftStatement, isOfBothFamilies: boolean): Alternatives {
  const owners = [...ownersIn(statement)];
  const protocols = owners.flatMap((owner) => PROTOCOLS.get(owner) ?? []);
  const families = owners.flatMap((owner) => EVERY_ADDRESS.get(owner) ?? []);
  const hasFamily = isOfBothFamilies && !isAddressOf(statement);
  return [
    ...families.filter(() => hasFamily).map((addresses) => ["-s", addresses]),
    ...protocols.map((protocol) => ["-p", protocol]),
  ];
}

/** The protocols and families of all fields in a statement, in nft's words. */
function* ownersIn(node: unknown): Generator<unknown> {
  if (typeof node !== "object" || node === null) return;
  for (const [name, value] of Object.entries(node)) {
    const { protocol, tunnel, key, family, type } = objectOf(value);
    if (name === "payload") yield tunnel ?? protocol;
    else if (OWNERS.has(name)) yield OWNERS.get(name);
    else if (name === "ct") yield /^ip6? /.exec(String(key))?.[0].trim();
    else if (name === "reject") yield REJECTING.get(type);
    else yield family;
    if (name !== "payload") yield* ownersIn(value);
  }
}

/** Whether it is the condition that the packet has one of these addresses, which are of one family. */
function isAddressOf({ match }: NftStatement): boolean {
  const { op, left, right } = objectOf(match);
  const isNamedSet = typeof right === "string" && right.startsWith("@");
  return op === "==" && !isNamedSet && ["saddr", "daddr"].includes(fieldOf(left));
}

/** An unknown condition, with nft's own text. */
export function doubt(statement: unknown): Alternatives {
  return [["-m", "nft", "--statement", quote(plainText(statement))]];
}

/** A known condition that nobody can decide from here. */
export function undecided(statement: unknown): Alternatives {
  return [["-m", "nft", "--undecided", quote(plainText(statement))]];
}

/** One line without quotes, so that it can stand in a rule. */
export function plainText(statement: unknown): string {
  return (JSON.stringify(statement) ?? "").replaceAll('"', "").slice(0, 200);
}

/** The condition that the field has one of these values, or none of them. Undefined if iptables cannot express it. */
export function saysField(left: unknown, right: unknown, isNegated = false): Alternatives | undefined {
  const { concat } = objectOf(left);
  const fields = Array.isArray(concat) ? concat : [left];
  const ofSet = wordsOfSet(fields, right) ?? wordsOfPorts(left, right);
  if (ofSet !== undefined) return [isNegated ? negated(ofSet) : ofSet];
  if (Array.isArray(concat)) return isNegated ? undefined : saysFields(fields, right);
  const words = wordsOfField(left, right);
  return isNegated && words !== undefined ? [words.flatMap(negated)] : words;
}

/** `ip saddr . tcp dport { A . 80, B . 443 }`. */
function saysFields(fields: readonly unknown[], right: unknown): Alternatives | undefined {
  const alternatives = valuesOf(right).map((value): Alternatives | undefined => {
    const { concat: values } = objectOf(value);
    if (!Array.isArray(values) || values.length !== fields.length) return undefined;
    const said = fields.map((field, at) => saysField(field, values[at]));
    return said.reduce((all, one) => all && one && allOf(all, one));
  });
  const words = alternatives.flatMap((one) => one ?? []);
  return alternatives.includes(undefined) || words.length === 0 ? undefined : words;
}

/** One line a combination. */
export function allOf(some: Alternatives, others: Alternatives): Alternatives {
  return some.flatMap((one) => others.map((other) => [...one, ...other]));
}

/** `-s A` becomes `! -s A`, and `-m set --match-set A src` becomes `-m set ! --match-set A src`. */
function negated(words: readonly string[]): readonly string[] {
  return words[0] === "-m" ? [...words.slice(0, 2), "!", ...words.slice(2)] : ["!", ...words];
}
