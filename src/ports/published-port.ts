/**
 * Whether Rancher publishes a port of this host for an address, by the rules of one nat table.
 *
 * Only the rules are judged. Other checks ask whether the service behind them answers.
 */

import { RANCHER_CHAIN } from "../iptables/rancher-chain.ts";
import { formatRule, type Rule } from "../iptables/rule.ts";
import type { Table } from "../iptables/table.ts";
import { addressNumber } from "../network/masked-network.ts";
import { nameClients } from "./client-flow.ts";
import type { ClientPacket } from "./client-packet.ts";
import { everybodyIn, isMost, type Shares, shareOut } from "./client-shares.ts";
import { NAMELESS, namedDestinations } from "./named-destinations.ts";
import { walkNatTable } from "./nat-walk.ts";
import type { NatOutcome, TranslationTarget } from "./translation-target.ts";
import type { Arrival } from "./walk-steps.ts";

export interface PortQuestion {
  readonly protocol: "tcp" | "udp";
  readonly port: number;
  /** A canonical address, or `any` if it is enough that the port is published for some address. */
  readonly address: string;
  /** The interface by which clients of the address come in. Undefined where it is not known. */
  readonly interface?: string | undefined;
}

/** Ids that scripts rely on. They never change. */
export type PortReason =
  | "dnat"
  | "port-not-published"
  | "published-on-other-address"
  | "chain-not-hooked"
  | "chain-missing"
  | "ipv6-not-judged";

export interface PortFinding {
  readonly verdict: "healthy" | "unhealthy" | "unknown";
  readonly reason: PortReason;
  /** For people. For `dnat` the target as the rule has it, such as `10.42.1.2:80`, else what was found instead. */
  readonly detail?: string;
  /** Only for `dnat`: where the clients' packets go. */
  readonly target?: TranslationTarget;
  /** Clients for which it is otherwise, with the rule: `clients of 198.51.100.0/24: -A PREROUTING ...`. */
  readonly exceptions?: readonly string[];
  /** Unknown only because of a rule that may take clients away: without it the port is published. */
  readonly isPublishedAsRead?: true;
}

/** Targets that send a packet somewhere else. */
export const TRANSLATIONS: ReadonlySet<string> = new Set(["DNAT", "REDIRECT", "NETMAP"]);
/** A list of blocked addresses may have thousands of rules. */
const NAMED_EXCEPTIONS = 8;

/** @param question about IPv4. For IPv6 see `judgeIpv6Port`. */
export function judgePort(table: Table, question: PortQuestion): PortFinding {
  if (!table.chains.has(RANCHER_CHAIN)) return { verdict: "unhealthy", reason: "chain-missing" };
  const packet = clientPacketOf(question);
  if (packet.destination === "any") return judgeForAny(table, packet);
  const shares = sharesOf(table, packet);
  const published = publishedFinding(shares, packet);
  if (published !== undefined) return published;
  return { ...explainLoss(table, packet, shares), ...exceptionsOf(shares.gains, packet) };
}

/** The best finding of all addresses. Where none is published, the rules that come first on the way are the reason. */
function judgeForAny(table: Table, packet: ClientPacket): PortFinding {
  const walked = namedDestinations(table, packet).map((destination) => {
    const forOne = { ...packet, destination };
    return { forOne, shares: sharesOf(table, forOne) };
  });
  for (const { forOne, shares } of walked) {
    const published = publishedFinding(shares, forOne);
    if (published !== undefined) return published;
  }
  const decisive = walked.find(({ shares }) => shares.verdict === "unknown") ?? walked[0];
  if (decisive === undefined) throw new RangeError("no destination");
  const { forOne, shares } = decisive;
  return { ...explainLoss(table, forOne, shares), ...exceptionsOf(shares.gains, forOne) };
}

/** The rule of a table without Rancher's chain that takes most clients' packets, or that may do so or cannot be read. */
export function rivalOf(table: Table, question: PortQuestion): string | undefined {
  const packet = clientPacketOf(question);
  const arrivals = walkNatTable(table, packet);
  const translated = arrivals.filter(
    ({ outcome: { kind, rule } }) =>
      kind === "unread" || (rule?.target !== undefined && TRANSLATIONS.has(rule.target.name)),
  );
  const taking = [...translated, ...droppedBeside(table, arrivals)];
  if (!isMost(taking, everybodyIn(arrivals, packet.family))) return undefined;
  const { rule } = taking.find(({ outcome }) => outcome.rule !== undefined)?.outcome ?? {};
  return rule === undefined ? "more rules than are followed" : formatRule(rule);
}

/** The rule of a table that publishes nothing, and that drops most clients' packets. */
export function dropperOf(table: Table, question: PortQuestion): string | undefined {
  const packet = clientPacketOf(question);
  const arrivals = walkNatTable(table, packet);
  const dropped = droppedBeside(table, arrivals);
  const rule = dropped[0]?.outcome.rule;
  return rule && isMost(dropped, everybodyIn(arrivals, packet.family)) ? formatRule(rule) : undefined;
}

/**
 * The clients that a nat table drops by a rule, or by its policy. As before the nat tables, a drop in doubt drops nobody, unless
 * its condition cannot be read.
 */
function droppedBeside({ policy }: Table, arrivals: readonly Arrival[]): Arrival[] {
  return arrivals.flatMap(({ clients, outcome }) => {
    const name = outcome.rule?.target?.name;
    const isAtEnd = outcome.kind === "not-hooked" && (name === undefined || name === "RETURN");
    const rule = isAtEnd ? policy : outcome.rule;
    const isDropping = isAtEnd || name === "DROP" || name === "REJECT";
    const dropped = clients.filter(({ isByDoubt, unreadBy }) => isByDoubt !== true || unreadBy !== undefined);
    if (rule === undefined || !isDropping || outcome.kind === "dropped" || dropped.length === 0) return [];
    return [{ clients: dropped, outcome: { kind: "not-hooked", rule } } as const];
  });
}

function sharesOf(table: Table, packet: ClientPacket): Shares {
  return shareOut(walkNatTable(table, packet), packet.family);
}

/** An address that cannot be read is a destination that no rule matches. */
export function clientPacketOf({
  protocol,
  port,
  address,
  interface: inInterface,
}: PortQuestion): ClientPacket {
  const destination = address === "any" ? address : (addressNumber(address) ?? NAMELESS);
  const family = destination === "any" ? "ipv4" : destination.family;
  return { protocol, port, family, destination, inInterface };
}

/** The finding where the port is published. */
export function publishedFinding(
  { verdict, gains, losses }: Shares,
  packet: ClientPacket,
): PortFinding | undefined {
  const first = gains[0]?.outcome;
  if (verdict !== "published" || first?.kind !== "translated") return undefined;
  const texts = gains.map(({ outcome }) => (outcome.kind === "translated" ? outcome.to : undefined));
  const target: TranslationTarget = new Set(texts).size === 1 ? first.target : { kind: "several" };
  return { verdict: "healthy", reason: "dnat", detail: first.to, target, ...exceptionsOf(losses, packet) };
}

/** Why the larger part of the clients does not get through, or may not. */
function explainLoss(table: Table, packet: ClientPacket, shares: Shares): PortFinding {
  const { verdict, losses, isPublishedAsRead } = shares;
  const outcome = losses[0]?.outcome ?? { kind: "unmatched", rule: undefined };
  const found = verdict === "unknown" ? "unknown" : "unhealthy";
  if (verdict === "unknown") {
    const unknown = finding(found, reasonOf(outcome), doubtText(losses));
    return isPublishedAsRead === true ? { ...unknown, isPublishedAsRead } : unknown;
  }
  if (outcome.kind === "not-hooked" || outcome.kind === "dropped") {
    return finding(found, "chain-not-hooked", whyNotHooked(table, outcome));
  }
  const elsewhere = publishingRule(table, packet);
  if (elsewhere !== undefined) return finding(found, "published-on-other-address", formatRule(elsewhere));
  return finding(found, "port-not-published", whyNotPublished(table, packet, outcome));
}

function reasonOf({ kind, rule }: NatOutcome): PortReason {
  const isBefore = kind === "not-hooked" || (rule !== undefined && rule.chain !== RANCHER_CHAIN);
  return isBefore ? "chain-not-hooked" : "port-not-published";
}

/** The first rule that cannot be read or decided. */
export function doubtText(losses: readonly Arrival[]): string {
  const { rule } = losses.find(({ outcome }) => outcome.rule !== undefined)?.outcome ?? {};
  if (rule === undefined) return "it depends on a condition that cannot be decided";
  return rule.unread === undefined
    ? `it depends on ${formatRule(rule)}`
    : `cannot be read: ${formatRule(rule)}`;
}

function whyNotHooked(table: Table, { rule }: NatOutcome): string | undefined {
  if (rule !== undefined) return `decided by ${formatRule(rule)}`;
  const jumps = [...table.chains.values()].flatMap(({ rules }) =>
    rules.filter(({ target, chain }) => target?.name === RANCHER_CHAIN && chain !== "OUTPUT"),
  );
  return jumps[0] && `only by ${formatRule(jumps[0])}`;
}

function whyNotPublished(table: Table, packet: ClientPacket, outcome: NatOutcome): string | undefined {
  if (table.chains.get(RANCHER_CHAIN)?.size === 0) return `${RANCHER_CHAIN} is empty`;
  if (outcome.rule !== undefined) return `decided by ${formatRule(outcome.rule)}`;
  const protocol = packet.protocol === "tcp" ? "udp" : "tcp";
  const other = publishingRule(table, { ...packet, protocol });
  return other && `only ${protocol} ${packet.port} is: ${formatRule(other)}`;
}

/** The rule that publishes the port for any address. */
function publishingRule(table: Table, packet: ClientPacket): Rule | undefined {
  const anywhere = { ...packet, destination: "any" } as const;
  for (const destination of namedDestinations(table, anywhere)) {
    const { verdict, gains } = sharesOf(table, { ...packet, destination });
    if (verdict === "published") return gains[0]?.outcome.rule;
  }
  return undefined;
}

/** What a smaller part of the clients meets. The largest parts are named, and the others are counted. */
export function exceptionsOf(arrivals: readonly Arrival[], { family }: ClientPacket) {
  const exceptions = arrivals.slice(0, NAMED_EXCEPTIONS).flatMap(({ clients, outcome: { rule } }) => {
    const whom = nameClients(clients, family);
    return whom === undefined ? [] : [rule === undefined ? whom : `${whom}: ${formatRule(rule)}`];
  });
  const others = arrivals.length - NAMED_EXCEPTIONS;
  const counted = others > 0 ? [`other clients, by ${others} more rules`] : [];
  return exceptions.length === 0 ? {} : { exceptions: [...new Set(exceptions), ...counted] };
}

export function finding(
  verdict: PortFinding["verdict"],
  reason: PortReason,
  detail: string | undefined,
): PortFinding {
  return { verdict, reason, ...(detail === undefined ? {} : { detail }) };
}
