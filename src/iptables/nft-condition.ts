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
  [
    "nfproto",
    (value) => (value === "ipv4" ? ["-s", "0.0.0.0/0"] : value === "ipv6" ? ["-s", "::/0"] : undefined),
  ],
  [
    "fib oif",
    (value) => (typeof value === "boolean" ? ["-m", "rpfilter", ...(value ? [] : ["--invert"])] : undefined),
  ],
  ["fib daddr", (value) => listOf("-m addrtype --dst-type", value)],
  ["fib saddr", (value) => listOf("-m addrtype --src-type", value)],
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
  if (port !== undefined) return saysPort(port, right, isNegated);
  const masked = maskedMark(left, right);
  const phrase = PHRASES.get(masked === undefined ? fieldOf(left) : "mark");
  if (phrase === undefined) return undefined;
  const said = valuesOf(masked ?? right).map(phrase);
  const words = said.flatMap((one) => (one === undefined ? [] : [one]));
  if (words.length < said.length || words.length === 0) return undefined;
  return isNegated ? [words.flatMap(negated)] : words;
}

function saysPort(
  { protocol, field }: PortField,
  right: unknown,
  isNegated: boolean,
): Alternatives | undefined {
  const ports = valuesOf(right).map((value) => rangeText(value, ":"));
  if (ports.includes(undefined)) return undefined;
  const option = PORT_FIELDS.get(field) ?? "";
  const ofProtocol = protocol === "th" ? [] : ["-p", protocol];
  return [[...ofProtocol, "-m", "multiport", ...(isNegated ? ["!"] : []), option, ports.join(",")]];
}

interface PortField {
  readonly protocol: string;
  readonly field: string;
}

function portField(left: unknown): PortField | undefined {
  const { protocol, field } = objectOf(objectOf(left)["payload"]);
  if (typeof protocol !== "string" || typeof field !== "string" || !PORT_FIELDS.has(field)) return undefined;
  return ["tcp", "udp", "th"].includes(protocol) ? { protocol, field } : undefined;
}

function fieldOf(left: unknown): string {
  const { payload, meta, ct, fib } = objectOf(left);
  const { protocol, field } = objectOf(payload);
  if (protocol === "ip" || protocol === "ip6") {
    return field === "nexthdr" ? "protocol" : String(field);
  }
  const key = objectOf(meta)["key"];
  if (key === "iif") return "iifname";
  if (key === "l4proto") return "protocol";
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
