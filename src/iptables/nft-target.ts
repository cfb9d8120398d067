/** What a statement of a native nft rule does with a packet, as a target of iptables: `dnat to 10.0.0.1:80` is `-j DNAT ...`. */
import type { Alternatives } from "./nft-condition.ts";
import { directionsOf, fieldOf, objectOf } from "./nft-fields.ts";
import type { NftStatement } from "./nft-ruleset.ts";
import { quote } from "./quoting.ts";

export const NFT_VERDICTS: ReadonlyMap<string, string> = new Map([
  ["accept", "ACCEPT"],
  ["drop", "DROP"],
  ["return", "RETURN"],
  ["reject", "REJECT"],
  ["queue", "QUEUE"],
]);

/** The target in words of iptables. Undefined for a statement that has none. */
export function targetOf(name: string, value: unknown, text: string): readonly string[] | undefined {
  const verdict = NFT_VERDICTS.get(name);
  if (verdict !== undefined) return ["-j", verdict];
  const { target, addr, port, type, name: xt, key, value: set } = objectOf(value);
  if (name === "jump" || name === "goto") return [name === "jump" ? "-j" : "-g", String(target)];
  if (name === "dnat") return toDestination(addr, port);
  if (name === "redirect")
    return ["-j", "REDIRECT", ...(portText(port) === "" ? [] : ["--to-ports", portText(port)])];
  if (name === "mangle") return toMark(objectOf(key), set);
  if (name === "notrack") return ["-j", "NOTRACK"];
  if (name === "set") return toSet(objectOf(value));
  const to =
    name === "xt" && type === "target" && xt === "DNAT" ? /\bdnat to (\S+)/.exec(text)?.[1] : undefined;
  return to === undefined ? undefined : ["-j", "DNAT", "--to-destination", quote(to)];
}

/** `add @seen { ip saddr }`. */
function toSet({ op, elem, set }: NftStatement): readonly string[] {
  const option = op === "delete" ? "--del-set" : "--add-set";
  return ["-j", "SET", option, String(set).replace(/^@/, ""), directionsOf(fieldsOf(elem))];
}

/** The fields of an entry. */
function fieldsOf(entry: unknown): readonly unknown[] {
  const { val = entry } = objectOf(objectOf(entry)["elem"]);
  const { concat } = objectOf(val);
  return Array.isArray(concat) ? concat : [val];
}

/** Whether the statement holds for some packets only: `add @flood { ip saddr limit rate over 10/second }`. */
export function isMetered(name: string, value: unknown): boolean {
  return name === "meter" || (name === "set" && metersOf(value).length > 0);
}

function metersOf(value: unknown): readonly NftStatement[] {
  const { stmt } = objectOf(value);
  return [stmt].flat().flatMap((one) => {
    const meter = objectOf(one);
    return stmt === undefined || "counter" in meter || "last" in meter ? [] : [meter];
  });
}

/** A limit for each source. Undefined for any other meter. */
export function meteredBy(value: unknown): Alternatives | undefined {
  const { elem, key, set, name } = objectOf(value);
  const [meter = {}, ...others] = metersOf(value);
  if (others.length > 0 || !fieldsOf(elem ?? key).some((field) => fieldOf(field) === "saddr"))
    return undefined;
  const { rate, per, inv, rate_unit: unit = "packets" } = objectOf(meter["limit"]);
  const count = objectOf(meter["ct count"]);
  if (typeof count["val"] === "number") {
    const option = count["inv"] === true ? "--connlimit-above" : "--connlimit-upto";
    return [["-m", "connlimit", option, String(count["val"])]];
  }
  if (typeof rate !== "number" || unit !== "packets") return undefined;
  const option = inv === true ? "--hashlimit-above" : "--hashlimit-upto";
  const list = String(set ?? name).replace(/^@/, "");
  return [
    ["-m", "hashlimit", option, `${rate}/${per}`, "--hashlimit-mode", "srcip", "--hashlimit-name", list],
  ];
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
  if (!isOfItself) return toMaskedMark(operator, operands);
  return isOfItself && typeof operands[1] === "number"
    ? ["-j", "MARK", change, String(operands[1])]
    : undefined;
}

/** `meta mark set meta mark & 0xffffff00 | 0x1`: bits that are kept, and bits that are set or turned over. */
function toMaskedMark(operator: string, [kept, bits]: readonly unknown[]): readonly string[] | undefined {
  const parts = objectOf(kept)["&"];
  if (!Array.isArray(parts) || objectOf(objectOf(parts[0])["meta"])["key"] !== "mark") return undefined;
  const [, mask] = parts;
  if (typeof mask !== "number" || typeof bits !== "number" || operator === "&") return undefined;
  const cleared = operator === "|" ? ~(mask & ~bits) : ~mask;
  return ["-j", "MARK", "--set-xmark", `${bits}/${cleared >>> 0}`];
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
