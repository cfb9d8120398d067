/** Which clients of a published port a rule of the nat table selects. */

import type { Rule, RuleMatch, RuleOption } from "../iptables/rule.ts";
import { allAddressesOf } from "./address-ranges.ts";
import { recentList } from "./client-lists.ts";
import type { ClientPacket, ClientPast } from "./client-packet.ts";
import {
  ALL,
  allOrNone,
  type Condition,
  DOUBT,
  FEW,
  NOBODY,
  narrow,
  negate,
  type Selection,
} from "./condition.ts";
import { OF_CONNECTION, ofWholeMatch } from "./first-packet.ts";
import { CONDITIONS, FLAGS } from "./nat-conditions.ts";

/** Whether the rule selects other clients where they have other marks, or are kept from connection tracking. */
export function asksForMarks({ matches }: Rule): boolean {
  return matches.some(({ module }) => module === "mark" || OF_CONNECTION.has(module));
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
  for (const match of rule.matches) {
    selection = narrowByMatch(selection, match, packet, past);
    if (selection.sources.length === 0) return NOBODY;
  }
  for (const option of rule.options) {
    selection = narrow(selection, conditionOf("", option, packet, past));
    if (selection.sources.length === 0) return NOBODY;
  }
  return selection;
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
  if (options.length === 0) return PROTOCOLS.has(module) ? selection : narrow(selection, DOUBT);
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
  if (judge === undefined || value === undefined || values.length > wordsOf(name)) return DOUBT;
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

/** How `-m recent` finds clients; its other options say what it does with them. */
const RECENT_ACTS: ReadonlySet<string> = new Set(["--rcheck", "--update", "--remove"]);
const RECENT_DETAILS: ReadonlySet<string> = new Set([
  "--name",
  "--mask",
  "--rsource",
  "--seconds",
  "--hitcount",
  "--rttl",
  "--reap",
]);

/** `--set` holds for every client that it puts into the list; the other options ask who is in it. */
function ofRecent(match: RuleMatch, { lists }: ClientPast, family: ClientPacket["family"]): Condition {
  const [act, ...others] = match.options.filter(({ name }) => !RECENT_DETAILS.has(name));
  if (act === undefined || others.length > 0) return DOUBT;
  const isListed = lists().has(recentList(match)) ? DOUBT : FEW;
  const condition = act.name === "--set" ? ALL : RECENT_ACTS.has(act.name) ? isListed : DOUBT;
  return act.isNegated ? negate(condition, family) : condition;
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
