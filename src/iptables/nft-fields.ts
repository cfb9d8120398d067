/**
 * The fields of a packet by nft's names, and a condition on one of them in the words of iptables.
 *
 * A field whose value differs from client to client, such as the TTL, cannot be decided. A field that is not here cannot be read.
 */
import type { NftStatement } from "./nft-ruleset.ts";
import { quote } from "./quoting.ts";

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
  ["length", (value) => ofRange("-m length --length", value)],
  ["mss", (value) => ofRange("-m tcpmss --mss", value)],
  ["ether saddr", (value) => wordOf("-m mac --mac-source", value)],
  ["ct helper", (value) => wordOf("-m helper --helper", value)],
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
export const EVERY_ADDRESS: ReadonlyMap<unknown, string> = new Map([
  ["ip", "0.0.0.0/0"],
  ["ipv4", "0.0.0.0/0"],
  ["ip6", "::/0"],
  ["ipv6", "::/0"],
]);
const PORT_FIELDS = new Map([
  ["dport", "--dports"],
  ["sport", "--sports"],
]);

/** The protocol is said beside it, by `impliedBy`. */
export function wordsOfPorts(left: unknown, right: unknown): readonly string[] | undefined {
  const option = portField(left);
  const ports = valuesOf(right).map((value) => rangeText(value, ":"));
  if (option === undefined || ports.includes(undefined)) return undefined;
  return ["-m", "multiport", option, ports.join(",")];
}

/** The option of iptables for a field with ports. */
function portField(left: unknown): string | undefined {
  const { protocol, field, tunnel } = objectOf(objectOf(left)["payload"]);
  if (tunnel !== undefined || !["tcp", "udp", "th"].includes(String(protocol))) return undefined;
  return PORT_FIELDS.get(String(field));
}

export function fieldOf(left: unknown): string {
  const { payload, meta, ct, fib, "tcp option": option } = objectOf(left);
  if (payload !== undefined) return headerField(objectOf(payload));
  const key = META_NAMES.get(String(objectOf(meta)["key"]));
  if (key !== undefined) return key;
  const ofConnection = objectOf(ct);
  if (ofConnection["key"] !== undefined) return `ct ${ofConnection["key"]}`;
  if (objectOf(option)["name"] === "maxseg" && objectOf(option)["field"] === "size") return "mss";
  const { result, flags } = objectOf(fib);
  if (result === "oif" && [flags].flat()[0] === "saddr") return "fib oif";
  return result === "type" ? `fib ${[flags].flat()[0]}` : "";
}

function headerField({ protocol, field, tunnel }: NftStatement): string {
  if (protocol === "ether" && field === "saddr") return "ether saddr";
  if (tunnel !== undefined || (protocol !== "ip" && protocol !== "ip6")) return "";
  // of IPv6 it is the length without the header
  if (field === "length" && protocol === "ip6") return "payload length";
  return field === "nexthdr" ? "protocol" : String(field);
}

const META_NAMES: ReadonlyMap<string, string> = new Map([
  ["iif", "iifname"],
  ["iifname", "iifname"],
  ["l4proto", "protocol"],
  ["length", "length"],
  ["mark", "mark"],
  ["nfproto", "nfproto"],
  ["pkttype", "pkttype"],
  ["protocol", "ether protocol"],
]);

/** Fields of which a part may be asked for. */
const MASKABLE: ReadonlySet<string> = new Set(["mark", "ct mark", "saddr", "daddr"]);

/** `meta mark & 0xff == 0x1`, as the value `1/255` of the mark. */
function masked(
  left: unknown,
  right: unknown,
): { readonly field: string; readonly value: string } | undefined {
  const parts = objectOf(left)["&"];
  if (!Array.isArray(parts) || !MASKABLE.has(fieldOf(parts[0]))) return undefined;
  const [field, mask] = [fieldOf(parts[0]), parts[1]];
  const isOfOneKind = typeof right === typeof mask && (typeof mask === "number") === field.endsWith("mark");
  return isOfOneKind && !String(right).startsWith("@") ? { field, value: `${right}/${mask}` } : undefined;
}

/** One line for each value of the field. Undefined if iptables cannot express one of them. */
export function wordsOfField(left: unknown, right: unknown): readonly (readonly string[])[] | undefined {
  const part = masked(left, right);
  const phrase = PHRASES.get(part?.field ?? fieldOf(left));
  if (phrase === undefined) return undefined;
  const said = valuesOf(part?.value ?? right).map(phrase);
  const words = said.flatMap((one) => (one === undefined ? [] : [one]));
  return words.length < said.length || words.length === 0 ? undefined : words;
}

/** `-m set --match-set NAME src`, for a named set with entries of these fields. */
export function wordsOfSet(lefts: readonly unknown[], right: unknown): readonly string[] | undefined {
  const isSaid = lefts.every((left) => LISTED.has(fieldOf(left)) || portField(left) !== undefined);
  if (typeof right !== "string" || !right.startsWith("@") || !isSaid) return undefined;
  return ["-m", "set", "--match-set", right.slice(1), directionsOf(lefts)];
}

/** As `-m set` and `-j SET` name the parts of an entry. */
export function directionsOf(lefts: readonly unknown[]): string {
  return lefts.map((left) => (fieldOf(left) === "saddr" ? "src" : "dst")).join(",");
}

const LISTED: ReadonlySet<string> = new Set(["saddr", "daddr", "protocol"]);

/** Expressions whose value nobody knows from here. */
const UNDECIDED: ReadonlySet<string> = new Set(
  "numgen jhash symhash socket osf rt exthdr".split(" ").concat("tcp option", "ip option", "sctp chunk"),
);
const UNDECIDED_META: ReadonlySet<string> = new Set(
  "cgroup cpu day hour iifgroup iiftype ipsec length priority random rtclassid secmark secpath skgid skuid time".split(
    " ",
  ),
);
const UNDECIDED_CT: ReadonlySet<string> = new Set(
  "avgpkt bytes expiration helper id label packets secmark zone".split(" "),
);
/** Fields of headers that the walk knows. */
const DECIDED: ReadonlySet<unknown> = new Set([
  "daddr",
  "dport",
  "flags",
  "nexthdr",
  "protocol",
  "saddr",
  "sport",
]);

/** Whether a match on it is one that nobody can decide from here, however it is written. */
export function isUndecided(left: unknown): boolean {
  const [name = "", value] = Object.entries(objectOf(left))[0] ?? [];
  if (UNDECIDED.has(name)) return true;
  const { key, field } = objectOf(value);
  if (name === "payload") return field !== undefined && !DECIDED.has(field);
  if (name === "meta") return UNDECIDED_META.has(String(key));
  if (name === "ct") return UNDECIDED_CT.has(String(key));
  const parts = Array.isArray(value) ? value : [];
  return ["&", "|", "^", "<<", ">>"].includes(name) && isUndecided(parts[0]);
}

function ofAddress(value: unknown, option: string, rangeOption: string): readonly string[] | undefined {
  if (typeof value === "string") return [option, value];
  const { addr, len } = objectOf(objectOf(value)["prefix"]);
  if (typeof addr === "string" && typeof len === "number") return [option, `${addr}/${len}`];
  const range = rangeText(value, "-");
  return range === undefined ? undefined : ["-m", "iprange", rangeOption, range];
}

function ofRange(option: string, value: unknown): readonly string[] | undefined {
  const range = rangeText(value, ":");
  return range === undefined ? undefined : [...option.split(" "), range];
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

export function valuesOf(right: unknown): readonly unknown[] {
  const { set } = objectOf(right);
  if (Array.isArray(set)) return set;
  return Array.isArray(right) ? right : [right];
}

export function objectOf(value: unknown): NftStatement {
  return typeof value === "object" && value !== null ? { ...value } : {};
}
