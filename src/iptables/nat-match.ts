/**
 * Whether a rule applies to the packet that opens a connection to a published port.
 *
 * Of that packet the protocol, the port and the destination are known. The destination is taken for an address
 * of this host, because a host that backs up a VIP does not have it yet. Who sends it is not known, so what
 * asks for the sender, its MAC, a mark or anything unheard-of is a `maybe`.
 */
import { LINK_LOCAL, liesIn, parseIpv4Network } from "../network/ipv4-network.ts";
import type { NatRule, RuleMatch, RuleOption } from "./rule.ts";

export interface Packet {
  readonly protocol: "tcp" | "udp";
  readonly port: number;
  /** IPv4 as a number, or `any`: every condition on the destination holds, but for link-local ones. */
  readonly destination: number | "any";
}

export type Certainty = "yes" | "no" | "maybe";

/** What an option says of a packet, `!` left aside: `matchOption` applies it. */
type Judge = (value: string, packet: Packet, option: RuleOption) => Certainty;

/** Rancher's metadata service, redirected in the same chain: never a published port. */
const METADATA = { base: 0xa9fe_a900, mask: 0xffff_ff00 };

/** Matches whose options JUDGES knows; any other match is a `maybe`. */
const MODULES = new Set(["tcp", "udp", "multiport", "addrtype", "state", "conntrack", "comment"]);

const JUDGES = new Map<string, Judge>([
  ["-p", isProtocol],
  ["-d", isDestination],
  ["-s", (value) => (value.endsWith("/0") ? "yes" : "maybe")],
  ["-i", (value) => (couldBeUplink(value) ? "maybe" : "no")],
  ["-o", () => "no"], // a packet before routing has no outgoing interface
  ["--dport", isPort],
  ["--destination-port", isPort],
  ["--dports", isPort],
  ["--destination-ports", isPort],
  ["--ports", (value, packet) => (isPort(value, packet) === "yes" ? "yes" : "maybe")],
  ["--dst-type", (value) => listed(value, "LOCAL")],
  ["--state", (value) => listed(value, "NEW")],
  ["--ctstate", (value) => listed(value, "NEW")],
  ["--comment", () => "yes"],
]);

/** `no` as soon as one condition fails, `yes` where all hold for certain. */
export function matchRule({ matches, options }: NatRule, packet: Packet): Certainty {
  // Matches come first, because a port decides most rules and is quicker to compare than an address.
  const certainty = every(matches, packet, matchModule);
  return certainty === "no" ? "no" : worse(certainty, every(options, packet, matchOption));
}

function every<T>(
  items: readonly T[],
  packet: Packet,
  judge: (item: T, packet: Packet) => Certainty,
): Certainty {
  let certainty: Certainty = "yes";
  for (const item of items) {
    certainty = worse(certainty, judge(item, packet));
    if (certainty === "no") break;
  }
  return certainty;
}

function worse(a: Certainty, b: Certainty): Certainty {
  return a === "no" || b === "yes" ? a : b;
}

function matchModule({ module, options }: RuleMatch, packet: Packet): Certainty {
  if (!MODULES.has(module)) return "maybe";
  if ((module === "tcp" || module === "udp") && module !== packet.protocol) return "no";
  return every(options, packet, matchOption);
}

function matchOption(option: RuleOption, packet: Packet): Certainty {
  if (option.name === "--tcp-flags" || option.name === "--syn") return negate(isOpening(option), option);
  const judge = JUDGES.get(option.name);
  const [value] = option.values;
  if (judge === undefined || value === undefined || option.values.length > 1) return "maybe";
  return negate(judge(value, packet, option), option);
}

function negate(certainty: Certainty, { isNegated }: RuleOption): Certainty {
  if (!isNegated || certainty === "maybe") return certainty;
  return certainty === "yes" ? "no" : "yes";
}

function isProtocol(value: string, { protocol }: Packet): Certainty {
  const number = protocol === "tcp" ? "6" : "17";
  return [protocol, number, "all", "0"].includes(value.toLowerCase()) ? "yes" : "no";
}

function isDestination(value: string, { destination }: Packet, { isNegated }: RuleOption): Certainty {
  const network = parseIpv4Network(value);
  if (network === undefined) return "maybe";
  if (destination !== "any") {
    const isMetadata = !isNegated && liesIn(network, METADATA);
    return liesIn(destination, network) && !isMetadata ? "yes" : "no";
  }
  if (isNegated) return "no"; // which `!` turns into a yes
  return liesIn(network, LINK_LOCAL) ? "no" : "yes";
}

/** `80`, `8000:8010`, `80,443,8000:8010`. */
function isPort(value: string, packet: Packet): Certainty {
  if (value.includes(",")) return anyOf(value.split(",").map((part) => isPort(part, packet)));
  const [first = "", last = first, ...rest] = value.split(":");
  const from = Number(first || 0);
  const to = Number(last || 65_535);
  if (value === "" || rest.length > 0 || Number.isNaN(from) || Number.isNaN(to)) return "maybe";
  return from <= packet.port && packet.port <= to ? "yes" : "no";
}

function anyOf(certainties: readonly Certainty[]): Certainty {
  if (certainties.includes("yes")) return "yes";
  return certainties.includes("maybe") ? "maybe" : "no";
}

/** The first packet of a TCP connection has SYN, and neither ACK, RST nor FIN. */
function isOpening({ name, values }: RuleOption): Certainty {
  if (name === "--syn") return "yes";
  const [mask = "", set = ""] = values;
  const expected = mask === "ALL" || mask.split(",").includes("SYN") ? "SYN" : "NONE";
  return set === expected ? "yes" : "no";
}

function listed(value: string, item: string): Certainty {
  return value.split(",").includes(item) ? "yes" : "no";
}

/** Names that the kernel, udev or systemd give to network cards, bonds, VLANs and modems: `eth0`, `enp3s0f1`, `p1p2`. */
const UPLINK =
  /^(?:(?:eth|em|bond|team|vlan|wlan|wwan|ib|ppp)\d|p\d+p\d|(?:en|ib|sl|wl|ww)(?:[bdiosuvpPX]\d|c[0-9a-f]*\d|x[0-9a-f]{12}))/;

/** How they begin. */
const STEMS = ["eth", "em", "bond", "team", "vlan", "wl", "ww", "ib", "ppp", "en", "sl", "p1p", "p2p"];

/**
 * Whether packets from outside may come in by the interface. Rancher writes `! -i` with the bridge of its containers,
 * whatever its name (`ibr0`, `emu-br`), and nobody outside is behind that one: only what is surely named as a card is
 * taken for one. It never writes `+`, which stands for any rest of a name, so there the first letters are enough.
 */
function couldBeUplink(name: string): boolean {
  if (!name.endsWith("+")) return UPLINK.test(name);
  const start = name.slice(0, -1);
  return STEMS.some((stem) => stem.startsWith(start) || start.startsWith(stem));
}
