/**
 * Whether a rule of the nat table applies to the packet that opens a connection to a published port.
 *
 * The packet's protocol, port and destination are known. The destination counts as an address of this host, because a
 * backup host does not have the VIP yet. The client is not known: a condition on its address, its MAC or a mark is a
 * `maybe`, and so is any condition that is not known here.
 */
import { LINK_LOCAL, liesIn, parseIpv4Network } from "../network/ipv4-network.ts";
import { type Certainty, certain, isListed, negateIf } from "./certainty.ts";
import type { Rule, RuleMatch, RuleOption } from "./rule.ts";

export interface ClientPacket {
  readonly protocol: "tcp" | "udp";
  readonly port: number;
  /** IPv4 as a number. `any` meets every condition on the destination, except link-local ones. */
  readonly destination: number | "any";
}

/** Whether the packet meets an option. `!` is left to `matchOption`. */
type Judge = (value: string, packet: ClientPacket, option: RuleOption) => Certainty;

/** Rancher's metadata service. Rancher's chain redirects it, too, but it is never a published port. */
const METADATA = { base: 0xa9fe_a900, mask: 0xffff_ff00 };

/** Matches whose options are in JUDGES. Any other match is a `maybe`. */
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
  ["--dst-type", (value) => isListed(value, "LOCAL")],
  ["--state", (value) => isListed(value, "NEW")],
  ["--ctstate", (value) => isListed(value, "NEW")],
  ["--comment", () => "yes"],
]);

/** `no` if one condition fails, `yes` if all conditions hold for certain, else `maybe`. */
export function matchRule({ matches, options }: Rule, packet: ClientPacket): Certainty {
  // Matches come first: a port decides most rules, and is compared faster than an address.
  const certainty = every(matches, packet, matchModule);
  return certainty === "no" ? "no" : worse(certainty, every(options, packet, matchOption));
}

function every<T>(
  items: readonly T[],
  packet: ClientPacket,
  judge: (item: T, packet: ClientPacket) => Certainty,
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

function matchModule({ module, options }: RuleMatch, packet: ClientPacket): Certainty {
  if (!MODULES.has(module)) return "maybe";
  if ((module === "tcp" || module === "udp") && module !== packet.protocol) return "no";
  return every(options, packet, matchOption);
}

function matchOption(option: RuleOption, packet: ClientPacket): Certainty {
  const { isNegated } = option;
  if (option.name === "--tcp-flags" || option.name === "--syn") return negateIf(isNegated, isOpening(option));
  const judge = JUDGES.get(option.name);
  const [value] = option.values;
  if (judge === undefined || value === undefined || option.values.length > 1) return "maybe";
  return negateIf(isNegated, judge(value, packet, option));
}

function isProtocol(value: string, { protocol }: ClientPacket): Certainty {
  const number = protocol === "tcp" ? "6" : "17";
  return certain([protocol, number, "all", "0"].includes(value.toLowerCase()));
}

function isDestination(value: string, { destination }: ClientPacket, { isNegated }: RuleOption): Certainty {
  const network = parseIpv4Network(value);
  if (network === undefined) return "maybe";
  if (destination !== "any") {
    const isMetadata = !isNegated && liesIn(network, METADATA);
    return certain(liesIn(destination, network) && !isMetadata);
  }
  if (isNegated) return "no"; // `!` makes it a yes
  return certain(!liesIn(network, LINK_LOCAL));
}

/** `80`, `8000:8010`, `80,443,8000:8010`. */
function isPort(value: string, packet: ClientPacket): Certainty {
  if (value.includes(",")) return anyOf(value.split(",").map((part) => isPort(part, packet)));
  const [first = "", last = first, ...rest] = value.split(":");
  const from = Number(first || 0);
  const to = Number(last || 65_535);
  if (value === "" || rest.length > 0 || Number.isNaN(from) || Number.isNaN(to)) return "maybe";
  return certain(from <= packet.port && packet.port <= to);
}

function anyOf(certainties: readonly Certainty[]): Certainty {
  if (certainties.includes("yes")) return "yes";
  return certainties.includes("maybe") ? "maybe" : "no";
}

/** The first packet of a TCP connection has SYN, but not ACK, RST or FIN. */
function isOpening({ name, values }: RuleOption): Certainty {
  if (name === "--syn") return "yes";
  const [mask = "", set = ""] = values;
  const expected = mask === "ALL" || mask.split(",").includes("SYN") ? "SYN" : "NONE";
  return certain(set === expected);
}

/** Names that the kernel, udev or systemd gives to network cards, bonds, VLANs and modems: `eth0`, `enp3s0f1`, `p1p2`. */
const UPLINK =
  /^(?:(?:eth|em|bond|team|vlan|wlan|wwan|ib|ppp)\d|p\d+p\d|(?:en|ib|sl|wl|ww)(?:[bdiosuvpPX]\d|c[0-9a-f]*\d|x[0-9a-f]{12}))/;

/** The first letters of those names. */
const UPLINK_STEMS = ["eth", "em", "bond", "team", "vlan", "wl", "ww", "ib", "ppp", "en", "sl", "p1p", "p2p"];

/**
 * Whether packets from outside may come in through the interface.
 *
 * Rancher writes `! -i` with the bridge of its containers, which may have any name (`ibr0`, `emu-br`) and has no outside
 * client behind it. So only a name that is certainly a network card counts. Rancher never writes `+`, which stands for
 * any rest of a name: there the first letters are enough.
 */
function couldBeUplink(name: string): boolean {
  if (!name.endsWith("+")) return UPLINK.test(name);
  const start = name.slice(0, -1);
  return UPLINK_STEMS.some((stem) => stem.startsWith(start) || start.startsWith(stem));
}
