/** Which clients of a published port a rule of the nat table selects. */

import type { Rule, RuleMatch, RuleOption } from "../iptables/rule.ts";
import { allAddressesOf } from "./address-ranges.ts";
import {
  afterRecent,
  knownEntries,
  type ListEntries,
  type RecentMatch,
  recentMatch,
} from "./client-lists.ts";
import type { ClientPacket, ClientPast } from "./client-packet.ts";
import {
  ALL,
  allOrNone,
  type Condition,
  DOUBT,
  FEW,
  NOBODY,
  NONE,
  narrow,
  negate,
  type Selection,
  UNREAD,
} from "./condition.ts";
import { OF_CONNECTION, ofWholeMatch } from "./first-packet.ts";
import { NO_ENTRIES } from "./marks.ts";
import { CONDITIONS, FLAGS } from "./nat-conditions.ts";

/** Matches that ask for what rules did with a client before. */
const OF_PAST: ReadonlySet<string> = new Set([...OF_CONNECTION, "mark", "recent", "set"]);

/** Whether the rule selects other clients where they have other marks, or are kept from connection tracking. */
export function asksForMarks({ matches }: Rule): boolean {
  return matches.some(({ module }) => OF_PAST.has(module));
}

/** Matches without an option of their own: `-m tcp` says no more than the protocol. */
const PROTOCOLS: ReadonlySet<string> = new Set(["tcp", "udp"]);
/** Matches of protocols that no published port has. */
const OTHER_PROTOCOLS: ReadonlySet<string> = new Set([
  "ah",
  "dccp",
  "esp",
  "icmp",
  "icmp6",
  "ipv6-icmp",
  "mh",
  "sctp",
  "udplite",
]);

const EVERYBODY = bothFamilies(false);
const MAYBE_EVERYBODY = bothFamilies(true);

function bothFamilies(isDoubtful: boolean): Readonly<Record<ClientPacket["family"], Selection>> {
  const everybody = { part: "all", isDoubtful } as const;
  return {
    ipv4: { ...everybody, sources: allAddressesOf("ipv4") },
    ipv6: { ...everybody, sources: allAddressesOf("ipv6") },
  };
}

/**
 * The clients for which every condition of the rule holds. Clients for which this is unknown are selected in doubt. A
 * rule that cannot be read in full is in doubt, unless a condition that can be read excludes all clients.
 */
export function selectClients(rule: Rule, packet: ClientPacket, past: ClientPast): Selection {
  let selection = rule.unread === undefined ? EVERYBODY[packet.family] : MAYBE_EVERYBODY[packet.family];
  // matches come first: a port decides most rules, and is compared faster than an address
  let known = past;
  for (const match of rule.matches) {
    selection = narrowByMatch(selection, match, packet, known);
    if (selection.sources.length === 0) return NOBODY;
    if (match.module === "recent") known = pastMatch(match, known);
  }
  for (const option of rule.options) {
    selection = narrow(selection, conditionOf("", option, packet, past));
    if (selection.sources.length === 0) return NOBODY;
  }
  return selection;
}

/** A match of a rule that changes a list, and who comes to it. */
export interface Listing {
  readonly recent: RecentMatch;
  readonly reached: Selection;
}

/** A list is changed by every packet that comes to the match, also where a later match of the rule fails. */
export function listingsOf(rule: Rule, packet: ClientPacket, past: ClientPast): Listing[] {
  const start = rule.unread === undefined ? EVERYBODY : MAYBE_EVERYBODY;
  let reached = rule.options.reduce(
    (selection, option) => narrow(selection, conditionOf("", option, packet, past)),
    start[packet.family],
  );
  let known = past;
  const listings: Listing[] = [];
  for (const match of rule.matches) {
    const recent = match.module === "recent" ? recentMatch(match) : undefined;
    if (recent !== undefined && reached.sources.length > 0) listings.push({ recent, reached });
    reached = narrowByMatch(reached, match, packet, known);
    if (recent !== undefined) known = pastMatch(match, known);
  }
  return listings.filter(({ recent: { act } }) => act === "--set" || act === "--remove");
}

/** Of a client that came to the match. */
function pastMatch(match: RuleMatch, past: ClientPast): ClientPast {
  const recent = recentMatch(match);
  if (recent === undefined) return past;
  const { entries = NO_ENTRIES } = past.marks;
  return { ...past, marks: { ...past.marks, entries: afterRecent(recent, entries, "surely") } };
}

function narrowByMatch(
  selection: Selection,
  match: RuleMatch,
  packet: ClientPacket,
  past: ClientPast,
): Selection {
  const { module, options } = match;
  const whole = ofWholeMatch(match, packet, past);
  if (whole !== undefined) return narrow(selection, whole);
  if (module === "recent") return narrow(selection, ofRecent(match, past, packet.family));
  if (PROTOCOLS.has(module) && module !== packet.protocol) return NOBODY;
  if (OTHER_PROTOCOLS.has(module)) return NOBODY;
  // a match without options has a condition of its own, which is not known
  if (options.length === 0) return PROTOCOLS.has(module) ? selection : narrow(selection, doubtOf(module));
  return options.reduce(
    (narrowed, option) => narrow(narrowed, conditionOf(module, option, packet, past)),
    selection,
  );
}

function conditionOf(module: string, option: RuleOption, packet: ClientPacket, past: ClientPast): Condition {
  const { name, values, isNegated } = option;
  const { family } = packet;
  if (name === "--tcp-flags" || name === "--syn") return ofOpening(option, family);
  if (name === "-i" && packet.inInterface === undefined) return ofUnknownInterface(option);
  const key = `${module} ${name}`;
  const flag = FLAGS.get(key);
  if (flag !== undefined) return isNegated ? negate(flag, family) : flag;
  const [value] = values;
  const judge = CONDITIONS.get(key) ?? CONDITIONS.get(` ${name}`);
  if (judge === undefined || value === undefined || values.length > wordsOf(name)) {
    return doubtOf(module, name);
  }
  const condition = judge({ value, values, packet, past, isNegated });
  return isNegated ? negate(condition, family) : condition;
}

/**
 * Rancher and Docker write `! -i` with the bridge of their containers. No client from outside comes in there, so an
 * unknown interface is another one.
 */
function ofUnknownInterface({ isNegated, values: [name = ""] }: RuleOption): Condition {
  if (name === "+") return allOrNone(!isNegated);
  return isNegated && !name.endsWith("+") ? ALL : DOUBT;
}

/** Matches that are known, and that nobody can decide from here. */
const UNDECIDED: ReadonlySet<string> = new Set(
  (
    "asn cgroup cluster condition connlabel conntrack cpu devgroup dscp ecn eui64 geoip hl iface ipp2p ipv4options ipvs " +
    "layer7 length2 ndpi osf owner physdev policy quota quota2 rateest realm socket statistic string time tls tos ttl"
  ).split(" "),
);

/**
 * Any other condition cannot be read: `u32` and `bpf` are programs that may select every client. `nft --undecided` is one of
 * nft's own that is known.
 */
function doubtOf(module: string, option = ""): Condition {
  return UNDECIDED.has(module) || (module === "nft" && option === "--undecided") ? DOUBT : UNREAD;
}

/** `--set` holds for every client that it puts into the list; the other options ask who is in it. */
function ofRecent(match: RuleMatch, { lists, marks }: ClientPast, family: ClientPacket["family"]): Condition {
  const recent = recentMatch(match);
  if (recent === undefined) return UNREAD;
  const condition =
    recent.act === "--set" ? ALL : ofListed(recent, knownEntries(recent, marks.entries ?? NO_ENTRIES));
  return recent.isNegated ? negate(condition, family) : condition;

  function ofListed({ list, side, hitcount }: RecentMatch, entries: ListEntries | undefined): Condition {
    if (entries?.most === 0) return NONE;
    // they are of this moment, so that any `--seconds` holds
    if (entries !== undefined && entries.least >= hitcount) return ALL;
    // a list that is filled in doubt may have every client
    if (entries !== undefined && entries.most >= hitcount) return UNREAD;
    return lists().has(list) || side === "--rdest" ? DOUBT : FEW;
  }
}

/** The first packet of a TCP connection has SYN, but not ACK, RST or FIN. */
function ofOpening({ name, values, isNegated }: RuleOption, family: ClientPacket["family"]): Condition {
  const [mask = "", set = ""] = values;
  const expected = mask === "ALL" || mask.split(",").includes("SYN") ? "SYN" : "NONE";
  const condition = allOrNone(name === "--syn" || set === expected);
  return isNegated ? negate(condition, family) : condition;
}

/** `--match-set NAME src,dst` has two words; nearly any other option has one. */
function wordsOf(name: string): number {
  return name === "--match-set" || name === "--set" ? 2 : 1;
}
