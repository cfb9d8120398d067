/** What the options of matches mean for a client's packet. An option that is not here is in doubt. */
import {
  addressNumber,
  isInNetwork,
  LINK_LOCAL,
  liesIn,
  parseMaskedNetwork,
} from "../network/masked-network.ts";
import { rangesOf } from "./address-ranges.ts";
import { setList } from "./client-lists.ts";
import type { ClientPacket, ClientPast } from "./client-packet.ts";
import { ALL, allOrNone, type Condition, DOUBT, FEW, MOST, NONE, UNREAD } from "./condition.ts";
import { NO_ENTRIES } from "./marks.ts";

export interface Asked {
  readonly value: string;
  /** All words after the option; `value` is the first. */
  readonly values: readonly string[];
  readonly packet: ClientPacket;
  readonly past: ClientPast;
  /** For conditions that `!` does not simply turn over. The caller turns the answer over. */
  readonly isNegated: boolean;
}

type Judge = (asked: Asked) => Condition;

const EPHEMERAL_PORTS = { first: 1024, last: 65_535 };
/** Common clients do not use so few source ports. */
const FEW_PORTS = 1024;
/** A mask with holes and this many bits selects less than a hundredth of all addresses. */
const FEW_MASK_BITS = 8;

/** With it a client says how large segments it takes. Nearly every client does. */
const SEGMENT_SIZE_OPTION = "2";
/** From the least that every host takes to that of jumbo frames, bytes. */
const SEGMENT_BYTES = { ipv4: { least: 536, most: 8_960 }, ipv6: { least: 1_220, most: 8_940 } } as const;
/** Of one packet, in bytes. */
const FAMILY_HEADER_BYTES = { ipv4: 20, ipv6: 40 } as const;
const TCP_HEADER_BYTES = 20;
/** Of IP and of TCP together. */
const MAX_OPTIONS_BYTES = 80;
const MAX_PACKET_BYTES = 65_535;

/** By match and option. Options of no match have the match "". */
export const CONDITIONS: ReadonlyMap<string, Judge> = new Map<string, Judge>([
  [" -p", ofProtocol],
  [" -s", ofSource],
  [" -d", ofDestination],
  [" -i", ({ value, packet }) => allOrNone(isNamed(packet.inInterface ?? "", value))],
  [" -o", () => NONE], // a packet before routing has no outgoing interface
  ...["tcp", "udp"].flatMap((protocol): [string, Judge][] => [
    [`${protocol} --dport`, ofPorts],
    [`${protocol} --destination-port`, ofPorts],
    [`${protocol} --sport`, ofSourcePorts],
    [`${protocol} --source-port`, ofSourcePorts],
  ]),
  // iptables takes these without `-m`, and people write them so
  [" --dport", ofPorts],
  [" --destination-port", ofPorts],
  [" --sport", ofSourcePorts],
  [" --source-port", ofSourcePorts],
  ["multiport --dports", ofPorts],
  ["multiport --destination-ports", ofPorts],
  ["multiport --sports", ofSourcePorts],
  ["multiport --source-ports", ofSourcePorts],
  ["multiport --ports", (asked) => (ofPorts(asked) === ALL ? ALL : ofSourcePorts(asked))],
  ["addrtype --dst-type", ({ value }) => allOrNone(isListed(value, "LOCAL"))],
  ["addrtype --src-type", ({ value }) => allOrNone(isListed(value, "UNICAST"))],
  ["pkttype --pkt-type", ({ value }) => allOrNone(["unicast", "host"].includes(value.toLowerCase()))],
  ["state --state", ({ value }) => allOrNone(isListed(value, "NEW"))],
  ["conntrack --ctstate", ({ value }) => allOrNone(isListed(value, "NEW"))],
  ["conntrack --ctstatus", () => NONE], // a new connection has no status, and the kernel takes NONE for no list at all
  ["conntrack --ctdir", ({ value }) => allOrNone(value === "ORIGINAL")],
  ["conntrack --ctproto", ofProtocol],
  ["conntrack --ctorigsrc", ofSource],
  ["conntrack --ctorigdst", ofDestination],
  ["conntrack --ctorigdstport", ofPorts],
  ["conntrack --ctorigsrcport", ofSourcePorts],
  // no rule translated anything yet, so answers would come from the destination
  ["conntrack --ctreplsrc", ofDestination],
  ["conntrack --ctrepldst", ofSource],
  ["conntrack --ctreplsrcport", ofPorts],
  ["conntrack --ctrepldstport", ofSourcePorts],
  ["statistic --mode", () => ALL], // its meaning is in the options beside it
  ["statistic --probability", ofProbability],
  ["statistic --every", ({ value }) => (Number(value) === 1 ? ALL : DOUBT)],
  ["statistic --packet", () => ALL],
  ["length --length", ofLength],
  ["tcpmss --mss", ofSegmentSize],
  ["tcp --tcp-option", ({ value }) => (value === SEGMENT_SIZE_OPTION ? MOST : DOUBT)],
  ["mark --mark", ({ value, past }) => ofMark(value, past.marks.packet)],
  ["connmark --mark", ({ value, past }) => ofMark(value, past.marks.connection)],
  ["iprange --src-range", ofSourceRange],
  ["iprange --dst-range", ofDestinationRange],
  ["set --match-set", ofSet],
  ["set --set", ofSet], // as ipset 4 had it
  ["mac --mac-source", () => FEW],
  ["helper --helper", () => NONE], // a connection that another one announced is not new
  ["nfacct --nfacct-name", () => ALL],
  ["policy --pol", ({ value }) => allOrNone(value === "none")],
  ["policy --dir", ({ value }) => allOrNone(value === "in")],
  ["physdev --physdev-out", () => NONE], // a bridge has not chosen its port yet
  ["comment --comment", () => ALL],
]);

/** Options without a value. */
export const FLAGS: ReadonlyMap<string, Condition> = new Map<string, Condition>([
  [" -f", NONE], // fragments are put together before
  ["physdev --physdev-is-out", NONE],
  ["physdev --physdev-is-bridged", NONE],
  ["addrtype --limit-iface-in", ALL], // the VIP is an address of the interface by which the client comes
]);

function isListed(list: string, item: string): boolean {
  return list.split(",").includes(item);
}

/** `eth+` stands for every name that begins with `eth`. */
function isNamed(name: string, value: string): boolean {
  return value.endsWith("+") ? name.startsWith(value.slice(0, -1)) : name === value;
}

function ofProtocol({ value, packet: { protocol } }: Asked): Condition {
  const number = protocol === "tcp" ? "6" : "17";
  return allOrNone([protocol, number, "all", "0"].includes(value.toLowerCase()));
}

function ofSource({ value, packet }: Asked): Condition {
  const network = parseMaskedNetwork(value);
  if (network === undefined) return UNREAD;
  if (network.family !== packet.family) return NONE;
  const sources = rangesOf(network);
  if (sources !== undefined) return { kind: "sources", sources };
  return isOfFew(network.mask) ? FEW : DOUBT;
}

/** A mask with holes selects one address of `2 ** bits`: `-s 0.0.0.1/0.0.0.1` is every second client. */
function isOfFew(mask: bigint): boolean {
  const bits = mask.toString(2).replaceAll("0", "").length;
  return bits >= FEW_MASK_BITS;
}

/** A rule put the client into a set. The set decides whether it took it. */
function ofSet({ value: name, values: [, directions = ""], past: { lists, marks } }: Asked): Condition {
  if ((marks.entries ?? NO_ENTRIES).has(`${setList(name)} ${directions}`)) return UNREAD;
  return isListed(directions, "src") && !lists().has(setList(name)) ? FEW : DOUBT;
}

function ofSourceRange({ value, packet }: Asked): Condition {
  const [first, last] = value.split("-").map(addressNumber);
  if (first === undefined || last === undefined) return UNREAD;
  if (first.family !== packet.family) return NONE;
  return { kind: "sources", sources: [[first.number, last.number]] };
}

/** Rancher's metadata service lies in a link-local network. Rancher's chain redirects it, but it is no published port. */
function ofDestination({ value, packet: { destination, family }, isNegated }: Asked): Condition {
  const network = parseMaskedNetwork(value);
  if (network === undefined) return UNREAD;
  if (network.family !== family) return NONE;
  const isLinkLocal = liesIn(network, LINK_LOCAL);
  if (destination === "any") return allOrNone(!isNegated && !isLinkLocal);
  return allOrNone(isInNetwork(destination, network) && (isNegated || !isLinkLocal));
}

function ofDestinationRange({ value, packet: { destination, family }, isNegated }: Asked): Condition {
  const [first, last] = value.split("-").map(addressNumber);
  if (first === undefined || last === undefined) return UNREAD;
  if (first.family !== family) return NONE;
  if (destination === "any") return allOrNone(!isNegated);
  const { number } = destination;
  return allOrNone(first.number <= number && number <= last.number);
}

/** `80`, `8000:8010`, `80,443,8000:8010`. */
function ofPorts({ value, packet: { port } }: Asked): Condition {
  const ranges = portRanges(value);
  if (ranges === undefined) return UNREAD;
  return allOrNone(ranges.some(({ first, last }) => first <= port && port <= last));
}

/** Clients choose a free port of 1024 to 65535, and no one knows which. */
function ofSourcePorts({ value }: Asked): Condition {
  const ranges = portRanges(value);
  if (ranges === undefined) return UNREAD;
  if (ranges.some(({ first, last }) => first <= 0 && last >= EPHEMERAL_PORTS.last)) return ALL;
  if (ranges.some(({ first, last }) => first <= EPHEMERAL_PORTS.first && last >= EPHEMERAL_PORTS.last)) {
    return MOST;
  }
  const count = ranges.reduce((sum, { first, last }) => sum + last - first + 1, 0);
  return count <= FEW_PORTS ? FEW : DOUBT;
}

/** kube-proxy gives the last of its targets the probability 1. */
function ofProbability({ value }: Asked): Condition {
  const probability = Number(value);
  return probability === 1 ? ALL : probability === 0 ? NONE : DOUBT;
}

/** The first packet of a TCP connection has no data, save a few clients' who send it early. UDP may have any length. */
function ofLength({ value, packet: { protocol, family } }: Asked): Condition {
  const [range, ...others] = portRanges(value) ?? [];
  if (range === undefined || others.length > 0) return DOUBT;
  const headers = FAMILY_HEADER_BYTES[family] + TCP_HEADER_BYTES;
  const longest = headers + MAX_OPTIONS_BYTES;
  if (range.first <= FAMILY_HEADER_BYTES[family] && range.last >= MAX_PACKET_BYTES) return ALL;
  if (protocol === "udp") return DOUBT;
  if (range.first <= headers && range.last >= longest) return MOST;
  return range.last < headers || range.first > longest ? FEW : DOUBT;
}

function ofSegmentSize({ value, packet: { family } }: Asked): Condition {
  const [range, ...others] = portRanges(value) ?? [];
  const { least, most } = SEGMENT_BYTES[family];
  if (range === undefined || others.length > 0) return DOUBT;
  if (range.first <= least && range.last >= most) return MOST;
  return range.last < least || range.first > most ? FEW : DOUBT;
}

interface PortRange {
  readonly first: number;
  readonly last: number;
}

/** Undefined where a part is no port or range, such as the name of a service. */
function portRanges(text: string): PortRange[] | undefined {
  const ranges: PortRange[] = [];
  for (const part of text.split(",")) {
    const [first = "", last = first, ...rest] = part.split(":");
    const range = { first: Number(first || 0), last: Number(last || EPHEMERAL_PORTS.last) };
    if (part === "" || rest.length > 0 || Number.isNaN(range.first) || Number.isNaN(range.last))
      return undefined;
    ranges.push(range);
  }
  return ranges;
}

/** `0x1` or `0x1/0xff`. */
function ofMark(value: string, mark: number): Condition {
  const [wanted, mask = 0xffff_ffff] = value.split("/").map(Number);
  if (wanted === undefined || Number.isNaN(wanted) || Number.isNaN(mask)) return UNREAD;
  return allOrNone((mark & mask) >>> 0 === wanted);
}
