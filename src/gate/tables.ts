/**
 * The text of the gate's nft tables, and what nft's lines say about them.
 *
 * The gate is a table that stays: it drops ARP requests and neighbour solicitations for the VIPs unless they carry a
 * tag. The tag is set by a table with `flags owner`, which the kernel removes with the process that made it. So a host
 * whose container was killed no longer answers for a VIP, and this needs no living process.
 */
import ipaddr from "ipaddr.js";
import { isIpv6 } from "../network/address.ts";

/** nft's families for address requests: ARP for IPv4, neighbour solicitations for IPv6. */
export type GateFamily = "arp" | "ip6";
export const GATE_FAMILIES: readonly GateFamily[] = ["arp", "ip6"];

/** The table that stays. Its name is in the documentation, because an operator may have to delete it. */
export const GATE_TABLE = "rancher_keepalived_gate";
const OWNER_TABLES = "rancher_keepalived_owner_";
const PROBE_TABLE = "rancher_keepalived_probe";

/**
 * The tag lies in the packet's priority, not in its mark. Nothing reads the priority of a received request, while a mark
 * belongs to others, and policy routing reads it.
 */
const TAG = "0x6b617601";
/** The tag is set first. Both chains come before those of other programs. */
const OWNER_PRIORITY = -410;
const GATE_PRIORITY = -400;

const REQUEST: Readonly<Record<GateFamily, string>> = {
  arp: "arp operation request",
  ip6: "icmpv6 type nd-neighbor-solicit",
};

/**
 * The commands for a process that keeps the owner tables, one a line. It then prints the tables that exist.
 *
 * @param id makes the names this agent's own: a table that a dying agent still has must not be mistaken for this one.
 */
export function ownerCommands(families: readonly GateFamily[], id: string): string[] {
  return [...families.map((family) => ownerCommand(family, `${OWNER_TABLES}${id}`)), "list tables"];
}

/** The input of an nft that ends at once: it succeeds where this kernel and this nft know owner tables. */
export function probeText(family: GateFamily): string {
  return `${ownerCommand(family, PROBE_TABLE)}\n`;
}

function ownerCommand(family: GateFamily, table: string): string {
  const rule = `${REQUEST[family]} meta priority set ${TAG};`;
  return `add table ${family} ${table} { flags owner; chain tag { ${hook(OWNER_PRIORITY)} ${rule} }; }`;
}

/**
 * One transaction that makes the gate of these families as it should be, whatever is there.
 *
 * @param vips canonical addresses.
 */
export function gateText(vips: ReadonlySet<string>, families: readonly GateFamily[]): string {
  return families
    .map((family) => `${removalText(family)}${tableText(family, vipsOfFamily(vips, family))}`)
    .join("");
}

/** Removes the gate of one family, and succeeds where there is none. */
export function removalText(family: GateFamily): string {
  return `add table ${family} ${GATE_TABLE}\ndelete table ${family} ${GATE_TABLE}\n`;
}

/** The families that have VIPs, each with the command that prints its gate. nft fails where the table is missing. */
export function listingTexts(vips: ReadonlySet<string>, families: readonly GateFamily[]): string[] {
  return withVips(vips, families).map((family) => `list table ${family} ${GATE_TABLE}\n`);
}

/** The families that have VIPs. */
export function withVips(vips: ReadonlySet<string>, families: readonly GateFamily[]): GateFamily[] {
  return families.filter((family) => vipsOfFamily(vips, family).length > 0);
}

function tableText(family: GateFamily, targets: readonly string[]): string {
  if (targets.length === 0) return "";
  const target = family === "arp" ? "arp daddr ip" : "@th,64,128"; // nft before 1.0.7 has no word for the target
  const rule = `${REQUEST[family]} ${target} { ${targets.join(", ")} } meta priority != ${TAG} drop;`;
  return `table ${family} ${GATE_TABLE} { chain silence { ${hook(GATE_PRIORITY)} ${rule} }; }\n`;
}

function hook(priority: number): string {
  return `type filter hook input priority ${priority};`;
}

/** The VIPs as nft compares them, sorted. */
function vipsOfFamily(vips: ReadonlySet<string>, family: GateFamily): string[] {
  const ofFamily = [...vips].filter((vip) => isIpv6(vip) === (family === "ip6")).toSorted();
  return family === "arp" ? ofFamily : ofFamily.map(asNumber);
}

function asNumber(address: string): string {
  const bytes = ipaddr.parse(address).toByteArray();
  return `0x${bytes.map((byte) => byte.toString(16).padStart(2, "0")).join("")}`;
}

/** The family of an owner table with this id, where the line lists one. */
export function ownerFamilyOf(line: string, id: string): GateFamily | undefined {
  return GATE_FAMILIES.find((family) => line.endsWith(`table ${family} ${OWNER_TABLES}${id}`));
}

/** Whether a line of `monitor rules` is about the gate itself, so that no rule of another program changed. */
export function isAboutGate(line: string): boolean {
  return line.includes(` ${GATE_TABLE} `) || line.includes(` ${OWNER_TABLES}`);
}
