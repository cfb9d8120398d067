/**
 * Whether Rancher publishes a port of this host for an address, from the rules of one nat table.
 *
 * Rules are all that is judged: what listens behind them is for other checks.
 */
import { isIpv6 } from "../network/address.ts";
import { parseIpv4 } from "../network/ipv4-network.ts";
import type { Packet } from "./nat-match.ts";
import { type Fate, RANCHER_CHAIN, walkNat } from "./nat-walk.ts";
import { formatRule, type NatRule } from "./rule.ts";
import type { NatTable } from "./table.ts";

export interface PortQuestion {
  readonly protocol: "tcp" | "udp";
  readonly port: number;
  /** Canonical address, or `any`: published for one address or another. */
  readonly address: string;
}

/** Stable names for scripts; `detail` is for people. */
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
  /** For `dnat` the target as the rule has it, `10.42.1.2:80`; else what was found instead. */
  readonly detail?: string;
}

export function judgePort(table: NatTable, question: PortQuestion): PortFinding {
  const { address } = question;
  // Rancher 1.x publishes for IPv4 only, and what an iptables table says is no evidence about IPv6.
  if (isIpv6(address)) return { verdict: "unknown", reason: "ipv6-not-judged", detail: address };
  if (!table.chains.has(RANCHER_CHAIN)) return { verdict: "unhealthy", reason: "chain-missing" };
  const packet = packetOf(question);
  const fate = walkNat(table, packet);
  if (fate.kind === "translated") return { verdict: "healthy", reason: "dnat", detail: fate.to };
  if (fate.kind === "not-hooked") return unhealthy("chain-not-hooked", takenBy(fate.rule));
  const elsewhere = walkNat(table, { ...packet, destination: "any" });
  if (elsewhere.kind === "translated") {
    return unhealthy("published-on-other-address", formatRule(elsewhere.rule));
  }
  return unhealthy("port-not-published", whyNotPublished(table, packet, fate));
}

/** Text that is no address gets a destination that no rule can name. */
function packetOf({ protocol, port, address }: PortQuestion): Packet {
  return { protocol, port, destination: address === "any" ? "any" : (parseIpv4(address) ?? Number.NaN) };
}

function whyNotPublished(table: NatTable, packet: Packet, fate: Fate): string | undefined {
  if (table.chains.get(RANCHER_CHAIN)?.rules.length === 0) return `${RANCHER_CHAIN} is empty`;
  if (fate.kind === "stopped") return takenBy(fate.rule);
  const protocol = packet.protocol === "tcp" ? "udp" : "tcp";
  const other = walkNat(table, { ...packet, protocol, destination: "any" });
  if (other.kind === "translated") return `only ${protocol} ${packet.port} is: ${formatRule(other.rule)}`;
  return fate.kind === "passed" && fate.uncertain
    ? `for some clients only: ${formatRule(fate.uncertain)}`
    : undefined;
}

function takenBy(rule: NatRule | undefined): string | undefined {
  return rule && `decided by ${formatRule(rule)}`;
}

function unhealthy(reason: PortReason, detail: string | undefined): PortFinding {
  return { verdict: "unhealthy", reason, ...(detail === undefined ? {} : { detail }) };
}
