/**
 * Whether Rancher publishes a port of this host for an address, by the rules of one nat table.
 *
 * Only the rules are judged. Other checks ask whether the service behind them answers.
 */
import { isIpv6 } from "../network/address.ts";
import { parseIpv4 } from "../network/ipv4-network.ts";
import type { ClientPacket } from "./nat-match.ts";
import { type NatOutcome, RANCHER_CHAIN, walkNatTable } from "./nat-walk.ts";
import { formatRule, type Rule } from "./rule.ts";
import type { Table } from "./table.ts";

export interface PortQuestion {
  readonly protocol: "tcp" | "udp";
  readonly port: number;
  /** A canonical address, or `any` if it is enough that the port is published for some address. */
  readonly address: string;
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
}

export function judgePort(table: Table, question: PortQuestion): PortFinding {
  const { address } = question;
  // Rancher 1.x publishes for IPv4 only, and an iptables table says nothing about IPv6.
  if (isIpv6(address)) return { verdict: "unknown", reason: "ipv6-not-judged", detail: address };
  if (!table.chains.has(RANCHER_CHAIN)) return { verdict: "unhealthy", reason: "chain-missing" };
  const packet = packetOf(question);
  const outcome = walkNatTable(table, packet);
  if (outcome.kind === "translated") return { verdict: "healthy", reason: "dnat", detail: outcome.to };
  if (outcome.kind === "not-hooked") return unhealthy("chain-not-hooked", decidedBy(outcome.rule));
  const elsewhere = walkNatTable(table, { ...packet, destination: "any" });
  if (elsewhere.kind === "translated") {
    return unhealthy("published-on-other-address", formatRule(elsewhere.rule));
  }
  return unhealthy("port-not-published", whyNotPublished(table, packet, outcome));
}

/** An address that is not IPv4 becomes NaN, a destination that no rule matches. */
function packetOf({ protocol, port, address }: PortQuestion): ClientPacket {
  return { protocol, port, destination: address === "any" ? "any" : (parseIpv4(address) ?? Number.NaN) };
}

function whyNotPublished(table: Table, packet: ClientPacket, outcome: NatOutcome): string | undefined {
  if (table.chains.get(RANCHER_CHAIN)?.rules.length === 0) return `${RANCHER_CHAIN} is empty`;
  if (outcome.kind === "stopped") return decidedBy(outcome.rule);
  const protocol = packet.protocol === "tcp" ? "udp" : "tcp";
  const other = walkNatTable(table, { ...packet, protocol, destination: "any" });
  if (other.kind === "translated") return `only ${protocol} ${packet.port} is: ${formatRule(other.rule)}`;
  return outcome.kind === "unmatched" && outcome.uncertain
    ? `for some clients only: ${formatRule(outcome.uncertain)}`
    : undefined;
}

function decidedBy(rule: Rule | undefined): string | undefined {
  return rule && `decided by ${formatRule(rule)}`;
}

function unhealthy(reason: PortReason, detail: string | undefined): PortFinding {
  return { verdict: "unhealthy", reason, ...(detail === undefined ? {} : { detail }) };
}
