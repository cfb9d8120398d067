/**
 * Whether Rancher publishes a port of this host for an address, by the rules of one nat table.
 *
 * Only the rules are judged. Other checks ask whether the service behind them answers.
 */

import { RANCHER_CHAIN } from "../iptables/rancher-chain.ts";
import { formatRule, type Rule } from "../iptables/rule.ts";
import type { Table } from "../iptables/table.ts";
import { addressNumber } from "../network/masked-network.ts";
import type { ClientPacket } from "./client-packet.ts";
import {
  droppedBeside,
  everybodyIn,
  exceptionsOf,
  isMost,
  type Shares,
  shareOut,
  withoutDoubted,
} from "./client-shares.ts";
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
  /** Where the clients' packets go: for `dnat`, and where it is unknown only whether clients come so far. */
  readonly target?: TranslationTarget;
  /** Clients for which it is otherwise, with the rule: `clients of 198.51.100.0/24: -A PREROUTING ...`. */
  readonly exceptions?: readonly string[];
  /** Unknown only because of a rule that may take clients away: without it the port is published. */
  readonly isPublishedAsRead?: true;
}

/** Targets that send a packet somewhere else. */
export const TRANSLATIONS: ReadonlySet<string> = new Set(["DNAT", "REDIRECT", "NETMAP"]);

/** @param question about IPv4. For IPv6 see `judgeIpv6Port`. */
export function judgePort(table: Table, question: PortQuestion): PortFinding {
  if (!table.chains.has(RANCHER_CHAIN)) return { verdict: "unhealthy", reason: "chain-missing" };
  const packet = clientPacketOf(question);
  if (packet.destination === "any") return judgeForAny(table, packet);
  const shares = sharesOf(table, packet);
  const published = publishedFinding(shares, packet);
  if (published !== undefined) return published;
  return { ...explainLoss(table, packet, shares), ...exceptionsOf(shares.gains, packet.family) };
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
  return { ...explainLoss(table, forOne, shares), ...exceptionsOf(shares.gains, forOne.family) };
}

/** A rule of a table beside the one that publishes the port. It takes most clients, or may do so. */
export interface RivalRule {
  readonly rule: string;
  /** False where it takes them only if a condition holds that nobody can decide or read. */
  readonly isCertain: boolean;
}

/** The rule of a table without Rancher's chain that takes most clients' packets, or that may do so or cannot be read. */
export function rivalOf(table: Table, question: PortQuestion): RivalRule | undefined {
  const packet = clientPacketOf(question);
  const arrivals = walkNatTable(table, packet);
  const translated = arrivals.filter(
    ({ outcome: { kind, rule } }) =>
      kind === "unread" || (rule?.target !== undefined && TRANSLATIONS.has(rule.target.name)),
  );
  return rivalAmong([...translated, ...droppedBeside(table.policy, arrivals)], arrivals, packet);
}

/** The rule of a table that publishes nothing, and that drops most clients' packets. */
export function dropperOf(table: Table, question: PortQuestion): RivalRule | undefined {
  const packet = clientPacketOf(question);
  const arrivals = walkNatTable(table, packet);
  return rivalAmong(droppedBeside(table.policy, arrivals), arrivals, packet);
}

function rivalAmong(
  taking: readonly Arrival[],
  arrivals: readonly Arrival[],
  { family }: ClientPacket,
): RivalRule | undefined {
  const everybody = everybodyIn(arrivals, family);
  if (taking.length === 0 || !isMost(taking, everybody)) return undefined;
  const { rule } = taking.find(({ outcome }) => outcome.rule !== undefined)?.outcome ?? {};
  const text = rule === undefined ? "more rules than are followed" : formatRule(rule);
  return { rule: text, isCertain: isMost(taking.map(withoutDoubted), everybody) };
}

/** Whether the port is published, or is but for a rule that may take clients away. */
export function isPublished({ verdict, isPublishedAsRead }: PortFinding): boolean {
  return verdict === "healthy" || isPublishedAsRead === true;
}

/** The finding of a published port beside these rivals. */
export function besideRivals(
  published: PortFinding,
  rivals: readonly RivalRule[],
  table: string,
): PortFinding {
  const rival = rivals.find(({ isCertain }) => isCertain) ?? rivals[0];
  if (rival === undefined) return published;
  const detail = `rules beside ${table} may come first: ${rival.rule}`;
  const unknown = finding("unknown", "chain-not-hooked", detail);
  const { target } = published;
  return rival.isCertain ? unknown : { ...unknown, isPublishedAsRead: true, ...(target && { target }) };
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
  return {
    verdict: "healthy",
    reason: "dnat",
    detail: first.to,
    ...targetOf(gains),
    ...exceptionsOf(losses, packet.family),
  };
}

function targetOf(gains: Shares["gains"]): Pick<PortFinding, "target"> {
  const first = gains[0]?.outcome;
  if (first?.kind !== "translated") return {};
  const texts = gains.map(({ outcome }) => (outcome.kind === "translated" ? outcome.to : undefined));
  return { target: new Set(texts).size === 1 ? first.target : { kind: "several" } };
}

/** The finding where nobody knows whether the port is published: why, and whether it is published as read. */
export function doubtFinding({ losses, gains, isPublishedAsRead }: Shares, reason: PortReason): PortFinding {
  const unknown = finding("unknown", reason, doubtText(losses));
  return isPublishedAsRead === true ? { ...unknown, isPublishedAsRead, ...targetOf(gains) } : unknown;
}

/** Why the larger part of the clients does not get through, or may not. */
function explainLoss(table: Table, packet: ClientPacket, shares: Shares): PortFinding {
  const outcome = shares.losses[0]?.outcome ?? { kind: "unmatched", rule: undefined };
  if (shares.verdict === "unknown") return doubtFinding(shares, reasonOf(outcome));
  if (outcome.kind === "not-hooked" || outcome.kind === "dropped") {
    return finding("unhealthy", "chain-not-hooked", whyNotHooked(table, outcome));
  }
  const elsewhere = publishingRule(table, packet);
  if (elsewhere !== undefined) {
    return finding("unhealthy", "published-on-other-address", formatRule(elsewhere));
  }
  return finding("unhealthy", "port-not-published", whyNotPublished(table, packet, outcome));
}

function reasonOf({ kind, rule }: NatOutcome): PortReason {
  const isBefore = kind === "not-hooked" || (rule !== undefined && rule.chain !== RANCHER_CHAIN);
  return isBefore ? "chain-not-hooked" : "port-not-published";
}

/** The first rule that cannot be read or decided. */
function doubtText(losses: readonly Arrival[]): string {
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

export function finding(
  verdict: PortFinding["verdict"],
  reason: PortReason,
  detail: string | undefined,
): PortFinding {
  return { verdict, reason, ...(detail === undefined ? {} : { detail }) };
}
