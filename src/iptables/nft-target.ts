/** What a statement of a native nft rule does with a packet, as a target of iptables: `dnat to 10.0.0.1:80` is `-j DNAT ...`. */
import { objectOf } from "./nft-condition.ts";
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
