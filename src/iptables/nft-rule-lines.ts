/**
 * A rule of `nft -j` in lines of iptables-save, so that one walk follows the rules of both programs.
 *
 * A rule may need several lines: one for each address of a set. A statement that these lines cannot express ends the
 * line with `-j nft [...]`. Such a rule cannot be read in full: the verdict is unknown, and the rule is named.
 */
import { type Alternatives, conditionsOf, doubt, objectOf, plainText, saysField } from "./nft-condition.ts";
import type { NftStatement } from "./nft-ruleset.ts";
import { quote } from "./quoting.ts";

/** More lines would not help anyone. */
const MAX_LINES = 200;

/** Statements that do not affect a client's path. */
const WITHOUT_EFFECT: ReadonlySet<string> = new Set(["counter", "log", "comment", "continue", "flow"]);
/** iptables' own targets that do not affect it either. */
const PASSING_XT: ReadonlySet<string> = new Set(["LOG", "NFLOG", "TRACE", "CONNMARK", "TCPMSS"]);
/** Fields of a packet that may change on its way. */
const PASSING_FIELDS: ReadonlySet<string> = new Set(["dscp", "ecn", "hoplimit", "priority", "ttl"]);
const VERDICTS: ReadonlyMap<string, string> = new Map([
  ["accept", "ACCEPT"],
  ["drop", "DROP"],
  ["return", "RETURN"],
  ["reject", "REJECT"],
  ["queue", "QUEUE"],
]);

/** @param text the rule as `nft list` prints it, where that is known: it shows what JSON hides of iptables' own parts. */
export function linesOfNftRule(chain: string, rule: readonly NftStatement[], text = ""): string[] {
  let conditions: Alternatives = [[]];
  const lines: string[] = [];
  const say = (words: readonly string[], also: Alternatives = [[]]) => {
    for (const condition of allOf(conditions, also))
      lines.push(["-A", chain, ...condition, ...words].join(" "));
  };
  for (const statement of rule) {
    const [name = "", value] = Object.entries(statement)[0] ?? [];
    if (conditions.length > MAX_LINES || lines.length > MAX_LINES) {
      return [`-A ${chain} -j nft [${plainText(rule)}]`];
    }
    if (WITHOUT_EFFECT.has(name) || isWithoutEffect(name, value)) continue;
    const condition = conditionOf(name, value, text);
    if (condition !== undefined) conditions = allOf(conditions, condition);
    else if (name === "vmap") sayVerdictMap(value, say);
    else say(targetOf(name, value, text) ?? ["-j", "nft", `[${plainText(statement)}]`]);
  }
  return lines;
}

/** One line a combination. */
function allOf(some: Alternatives, others: Alternatives): Alternatives {
  return some.flatMap((one) => others.map((other) => [...one, ...other]));
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

function conditionOf(name: string, value: unknown, text: string): Alternatives | undefined {
  if (name === "match") return conditionsOf(value);
  if (name === "limit" || name === "quota" || name === "meter") return doubt({ [name]: value });
  const { type, name: xt } = objectOf(value);
  if (name !== "xt" || type !== "match") return undefined;
  const isLocal = xt === "addrtype" && /\bfib daddr type local\b/.test(text);
  return isLocal ? [["-m", "addrtype", "--dst-type", "LOCAL"]] : doubt({ xt });
}

function targetOf(name: string, value: unknown, text: string): readonly string[] | undefined {
  const verdict = VERDICTS.get(name);
  if (verdict !== undefined) return ["-j", verdict];
  const { target, addr, port, type, name: xt, key, value: set } = objectOf(value);
  if (name === "jump" || name === "goto") return [name === "jump" ? "-j" : "-g", String(target)];
  if (name === "dnat") return toDestination(addr, port);
  if (name === "redirect")
    return ["-j", "REDIRECT", ...(portText(port) === "" ? [] : ["--to-ports", portText(port)])];
  if (name === "mangle") return toMark(objectOf(key), set);
  if (name === "notrack") return ["-j", "NOTRACK"];
  const to =
    name === "xt" && type === "target" && xt === "DNAT" ? /\bdnat to (\S+)/.exec(text)?.[1] : undefined;
  return to === undefined ? undefined : ["-j", "DNAT", "--to-destination", quote(to)];
}

/** `meta mark set 1`, `ct mark set meta mark`, `meta mark set meta mark | 1`. Undefined for any other value. */
function toMark(key: NftStatement, value: unknown): readonly string[] | undefined {
  const isOfPacket = "meta" in key;
  if (!isOfPacket && !("ct" in key)) return undefined;
  const target = isOfPacket ? "MARK" : "CONNMARK";
  if (typeof value === "number") return ["-j", target, "--set-xmark", `${value}/0xffffffff`];
  const { meta, ct } = objectOf(value);
  if (isOfPacket && objectOf(ct)["key"] === "mark") return ["-j", "CONNMARK", "--restore-mark"];
  if (!isOfPacket && objectOf(meta)["key"] === "mark") return ["-j", "CONNMARK", "--save-mark"];
  const [operator = "", operands] = Object.entries(objectOf(value))[0] ?? [];
  const change = MARK_CHANGES.get(operator);
  if (!isOfPacket || change === undefined || !Array.isArray(operands)) return undefined;
  const isOfItself = objectOf(objectOf(operands[0])["meta"])["key"] === "mark";
  return isOfItself && typeof operands[1] === "number"
    ? ["-j", "MARK", change, String(operands[1])]
    : undefined;
}

const MARK_CHANGES: ReadonlyMap<string, string> = new Map([
  ["&", "--and-mark"],
  ["|", "--or-mark"],
  ["^", "--xor-mark"],
]);

function toDestination(addr: unknown, port: unknown): readonly string[] | undefined {
  if (typeof addr !== "string") return undefined;
  const ports = portText(port);
  const address = addr.includes(":") && ports !== "" ? `[${addr}]` : addr;
  return ["-j", "DNAT", "--to-destination", ports === "" ? address : `${address}:${ports}`];
}

/** Empty where the port stays. */
function portText(port: unknown): string {
  const { range } = objectOf(port);
  if (Array.isArray(range)) return range.map(String).join("-");
  return typeof port === "number" ? String(port) : "";
}

/** `tcp dport vmap { 80 : accept }` is a line for each element. The elements of a named map may change. */
function sayVerdictMap(vmap: unknown, say: (words: readonly string[], also?: Alternatives) => void): void {
  const { key, data } = objectOf(vmap);
  const elements = objectOf(data)["set"];
  const lines = Array.isArray(elements) ? elements.map((element) => elementOf(key, element)) : [undefined];
  if (lines.includes(undefined)) say(["-j", "nft", `[${plainText({ vmap })}]`]);
  else for (const line of lines) if (line !== undefined) say(line.target, line.condition);
}

function elementOf(key: unknown, element: unknown) {
  if (!Array.isArray(element)) return undefined;
  const [value, verdict] = element;
  const [name = "", argument] = Object.entries(objectOf(verdict))[0] ?? [];
  const condition = saysField(key, value);
  const target = name === "continue" ? [] : targetOf(name, argument, "");
  return condition === undefined || target === undefined ? undefined : { condition, target };
}
