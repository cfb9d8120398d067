/**
 * Matches that are judged as a whole, for the first packet of a client that has not come before: those that count packets or
 * connections of each client, those that ask for the way back, and those of connection tracking where it comes later.
 */
import type { RuleMatch, RuleOption } from "../iptables/rule.ts";
import type { ClientPacket, ClientPast } from "./client-packet.ts";
import { allOrNone, type Condition, DOUBT, FEW, MOST, NONE, negate, RATE } from "./condition.ts";

/** A browser opens six at once. More than these, of one client, are a few clients'. */
const USUAL_CONNECTIONS = 10;
/** Networks of this size or smaller count as one client. */
const CLIENT_PREFIX = { ipv4: 24, ipv6: 56 } as const;
/** More bytes than any packet has, so that no first packet is counted as so many of anything. */
const MORE_THAN_A_PACKET = 65_536;

/** Matches that ask for the packet's connection. */
export const OF_CONNECTION: ReadonlySet<string> = new Set([
  "conntrack",
  "state",
  "connmark",
  "connbytes",
  "connlabel",
]);

/** The condition of the whole match. Undefined for one whose options have a condition each. */
export function ofWholeMatch(
  match: RuleMatch,
  packet: ClientPacket,
  { marks }: ClientPast,
): Condition | undefined {
  const isUntracked = packet.isTracked === false || marks.untrackedBy !== undefined;
  if (isUntracked && OF_CONNECTION.has(match.module)) {
    return ofUntracked(match, packet, marks.untrackedBy === undefined ? "INVALID" : "UNTRACKED");
  }
  switch (match.module) {
    case "connbytes":
      return ofConnectionBytes(match);
    case "connlimit":
      return ofConnectionLimit(match, packet);
    case "hashlimit":
      return ofHashLimit(match, packet);
    case "limit":
      return ofLimit(match);
    case "rpfilter":
      // the answer to nearly every client takes the way by which it came
      return optionOf(match, "--invert") === undefined ? MOST : FEW;
    case "socket":
      // the socket of a connection that a proxy took before
      return isOfEarlierConnection(match) ? FEW : DOUBT;
    default:
      return undefined;
  }
}

/**
 * Before connection tracking the kernel takes a packet for INVALID, and one that is kept from it for UNTRACKED. It looks at
 * nothing else.
 */
function ofUntracked(match: RuleMatch, { family }: ClientPacket, found: string): Condition {
  const state = optionOf(match, "--ctstate", "--state");
  if (state === undefined) return NONE;
  const isFound = allOrNone(state.values[0]?.split(",").includes(found) === true);
  return state.isNegated ? negate(isFound, family) : isFound;
}

/** A listener counts only by an address of its own, and such a proxy listens on every address. */
function isOfEarlierConnection(match: RuleMatch): boolean {
  return optionOf(match, "--transparent") !== undefined && optionOf(match, "--nowildcard") === undefined;
}

/** The first packet is one, and has no more bytes than a packet can have. */
function ofConnectionBytes(match: RuleMatch): Condition {
  const range = optionOf(match, "--connbytes");
  const least = Number(range?.values[0]?.split(":")[0]);
  if (range === undefined || range.isNegated || Number.isNaN(least)) return DOUBT;
  const isPackets = optionOf(match, "--connbytes-mode")?.values[0] === "packets";
  return least >= (isPackets ? 2 : MORE_THAN_A_PACKET) ? NONE : DOUBT;
}

function ofConnectionLimit(match: RuleMatch, packet: ClientPacket): Condition {
  const [above, upto] = [optionOf(match, "--connlimit-above"), optionOf(match, "--connlimit-upto")];
  const limit = above ?? upto;
  const isUsual = Number(limit?.values[0]) >= USUAL_CONNECTIONS;
  const isOfClients = optionOf(match, "--connlimit-daddr") === undefined;
  if (limit === undefined || !isUsual || !isOfClients) return DOUBT;
  if (!isOfOneClient(optionOf(match, "--connlimit-mask"), packet)) return DOUBT;
  return ofClientsAt(limit, above !== undefined);
}

/** One for all clients together, of one packet a second at least. Few of them are above it. */
function ofLimit(match: RuleMatch): Condition {
  const limit = optionOf(match, "--limit");
  return limit?.isNegated === false && A_SECOND.test(limit.values[0] ?? "") ? RATE : DOUBT;
}

/** A limit for each source, of one packet a second at least. The first packet of a client is never above it. */
function ofHashLimit(match: RuleMatch, packet: ClientPacket): Condition {
  const above = optionOf(match, "--hashlimit-above");
  const limit = above ?? optionOf(match, "--hashlimit-upto", "--hashlimit");
  const modes = optionOf(match, "--hashlimit-mode")?.values[0]?.split(",") ?? [];
  if (limit === undefined || !A_SECOND.test(limit.values[0] ?? "")) return DOUBT;
  const ofClients = ofClientsAt(limit, above !== undefined);
  const isOfEach = modes.includes("srcip") && isOfOneClient(optionOf(match, "--hashlimit-srcmask"), packet);
  if (isOfEach) return ofClients;
  return ofClients === MOST ? RATE : DOUBT;
}

/** `20/sec`, `512kb/s`. */
const A_SECOND = /^\d+[kmg]?b?\/s/i;

/** Few clients are above a limit. */
function ofClientsAt({ isNegated }: RuleOption, isAbove: boolean): Condition {
  return isAbove === isNegated ? MOST : FEW;
}

/** Without a mask each address is a client. */
function isOfOneClient(mask: RuleOption | undefined, { family }: ClientPacket): boolean {
  return mask === undefined || Number(mask.values[0]) >= CLIENT_PREFIX[family];
}

function optionOf({ options }: RuleMatch, ...names: readonly string[]): RuleOption | undefined {
  return options.find(({ name }) => names.includes(name));
}
