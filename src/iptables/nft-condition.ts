/**
 * A match of a native nft rule in the words of iptables: `ip saddr != 192.0.2.0/24` becomes `! -s 192.0.2.0/24`.
 *
 * A match that cannot be expressed exactly becomes `-m nft`, an unknown match, so that the rule is in doubt.
 */

import type { NftStatement } from "./nft-ruleset.ts";
import { quote } from "./quoting.ts";

/** Each alternative is a list of words; a packet meets the condition if it meets one of them. */
export type Alternatives = readonly (readonly string[])[];

/** One value of a field in the words of iptables. Undefined if there are none. */
type Phrase = (value: unknown) => readonly string[] | undefined;

/** The left side of a match, by the name that `fieldOf` gives it. */
const PHRASES: ReadonlyMap<string, Phrase> = new Map<string, Phrase>([
  ["saddr", (value) => ofAddress(value, "-s", "--src-range")],
  ["daddr", (value) => ofAddress(value, "-d", "--dst-range")],
  ["protocol", (value) => wordOf("-p", value)],
  ["iifname", (value) => wordOf("-i", typeof value === "string" ? value.replace(/\*$/, "+") : value)],
  ["mark", (value) => wordOf("-m mark --mark", value)],
  ["ct mark", (value) => wordOf("-m connmark --mark", value)],
  ["pkttype", (value) => wordOf("-m pkttype --pkt-type", value)],
  ["ct state", (value) => listOf("-m conntrack --ctstate", value)],
  ["ct status", (value) => listOf("-m conntrack --ctstatus", value)],
  ["ct direction", (value) => listOf("-m conntrack --ctdir", value)],
  ["nfproto", ofFamily],
  ["ether protocol", ofFamily],
  [
    "fib oif",
    (value) => (typeof value === "boolean" ? ["-m", "rpfilter", ...(value ? [] : ["--invert"])] : undefined),
  ],
  ["fib daddr", (value) => listOf("-m addrtype --dst-type", value)],
  ["fib saddr", (value) => listOf("-m addrtype --src-type", value)],
]);

/** Every address of a family, by nft's words for it. */
const EVERY_ADDRESS: ReadonlyMap<unknown, string> = new Map([
  ["ip", "0.0.0.0/0"],
  ["ipv4", "0.0.0.0/0"],
  ["ip6", "::/0"],
  ["ipv6", "::/0"],
]);
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

const PORT_FIELDS = new Map([
  ["dport", "--dports"],
  ["sport", "--sports"],
]);

/** The condition of a `match` statement. */
export function conditionsOf(match: unknown): Alternatives {
  const { op, left, right } = objectOf(match);
  if (op !== "==" && op !== "!=" && op !== "in") return doubt(match);
  return saysField(left, right, op === "!=") ?? doubt(match);
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

/** One line without quotes, so that it can stand in a rule. */
export function plainText(statement: unknown): string {
  return (JSON.stringify(statement) ?? "").replaceAll('"', "").slice(0, 200);
}

/** The condition that the field has one of these values, or none of them. Undefined if iptables cannot express it. */
export function saysField(left: unknown, right: unknown, isNegated = false): Alternatives | undefined {
  const port = portField(left);
  if (port !== undefined) return saysPorts(port, right, isNegated);
  const masked = maskedMark(left, right);
  const phrase = PHRASES.get(masked === undefined ? fieldOf(left) : "mark");
  if (phrase === undefined) return undefined;
  const said = valuesOf(masked ?? right).map(phrase);
  const words = said.flatMap((one) => (one === undefined ? [] : [one]));
  if (words.length < said.length || words.length === 0) return undefined;
  return isNegated ? [words.flatMap(negated)] : words;
}

/** The protocol is said beside it, by `impliedBy`. */
function saysPorts(option: string, right: unknown, isNegated: boolean): Alternatives | undefined {
  const ports = valuesOf(right).map((value) => rangeText(value, ":"));
  if (ports.includes(undefined)) return undefined;
  return [["-m", "multiport", ...(isNegated ? ["!"] : []), option, ports.join(",")]];
}

/** The option of iptables for a field with ports. */
function portField(left: unknown): string | undefined {
  const { protocol, field, tunnel } = objectOf(objectOf(left)["payload"]);
  if (tunnel !== undefined || !["tcp", "udp", "th"].includes(String(protocol))) return undefined;
  return PORT_FIELDS.get(String(field));
}

function fieldOf(left: unknown): string {
  const { payload, meta, ct, fib } = objectOf(left);
  const { protocol, field, tunnel } = objectOf(payload);
  if (tunnel === undefined && (protocol === "ip" || protocol === "ip6")) {
    return field === "nexthdr" ? "protocol" : String(field);
  }
  const key = objectOf(meta)["key"];
  if (key === "iif") return "iifname";
  if (key === "l4proto") return "protocol";
  if (key === "protocol") return "ether protocol";
  if (key === "iifname" || key === "mark" || key === "nfproto" || key === "pkttype") return key;
  const ofConnection = objectOf(ct);
  if (ofConnection["key"] !== undefined) return `ct ${ofConnection["key"]}`;
  const { result, flags } = objectOf(fib);
  if (result === "oif" && [flags].flat()[0] === "saddr") return "fib oif";
  return result === "type" ? `fib ${[flags].flat()[0]}` : "";
}

/** `meta mark & 0xff == 0x1`, as the value `1/255` of the mark. */
function maskedMark(left: unknown, right: unknown): string | undefined {
  const parts = objectOf(left)["&"];
  if (!Array.isArray(parts) || objectOf(objectOf(parts[0])["meta"])["key"] !== "mark") return undefined;
  return typeof right === "number" && typeof parts[1] === "number" ? `${right}/${parts[1]}` : undefined;
}

function ofAddress(value: unknown, option: string, rangeOption: string): readonly string[] | undefined {
  if (typeof value === "string" && value.startsWith("@")) {
    return option === "-s" ? ["-m", "set", "--match-set", value.slice(1), "src"] : undefined;
  }
  if (typeof value === "string") return [option, value];
  const { addr, len } = objectOf(objectOf(value)["prefix"]);
  if (typeof addr === "string" && typeof len === "number") return [option, `${addr}/${len}`];
  const range = rangeText(value, "-");
  return range === undefined ? undefined : ["-m", "iprange", rangeOption, range];
}

function ofFamily(value: unknown): readonly string[] | undefined {
  const addresses = EVERY_ADDRESS.get(value);
  return addresses === undefined ? undefined : ["-s", addresses];
}

/** Undefined for a named set too, whose elements may change. */
function wordOf(option: string, value: unknown): readonly string[] | undefined {
  const isWord = typeof value === "number" || (typeof value === "string" && !value.startsWith("@"));
  return isWord ? [...option.split(" "), quote(String(value))] : undefined;
}

function listOf(option: string, value: unknown): readonly string[] | undefined {
  return wordOf(option, typeof value === "string" ? value.toUpperCase() : undefined);
}

/** `80`, or `80:90` for a range. */
function rangeText(value: unknown, separator: string): string | undefined {
  if (typeof value === "number") return String(value);
  const { range } = objectOf(value);
  return Array.isArray(range) ? range.map(String).join(separator) : undefined;
}

function valuesOf(right: unknown): readonly unknown[] {
  const { set } = objectOf(right);
  if (Array.isArray(set)) return set;
  return Array.isArray(right) ? right : [right];
}

/** `-s A` becomes `! -s A`, and `-m set --match-set A src` becomes `-m set ! --match-set A src`. */
function negated(words: readonly string[]): readonly string[] {
  return words[0] === "-m" ? [...words.slice(0, 2), "!", ...words.slice(2)] : ["!", ...words];
}

export function objectOf(value: unknown): NftStatement {
  return typeof value === "object" && value !== null ? { ...value } : {};
}
