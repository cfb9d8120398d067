/**
 * Whether a port is published for an IPv6 address, by the rules of ip6tables.
 *
 * Rancher 1.x publishes for IPv4 only, but people and Docker publish for IPv6. So a translation counts in any chain on
 * the packet's way. If there is no rule for the port at all, a program that listens on the host may still serve it, so
 * these rules cannot judge the port.
 */
import { RANCHER_CHAIN } from "../iptables/rancher-chain.ts";
import { formatRule, type Rule } from "../iptables/rule.ts";
import type { Table } from "../iptables/table.ts";
import { type ClientPacket, FIRST_TIME } from "./client-packet.ts";
import { exceptionsOf, shareOut } from "./client-shares.ts";
import { selectClients } from "./nat-match.ts";
import { walkNatTable } from "./nat-walk.ts";
import { PORT_OPTIONS } from "./published-list.ts";
import {
  besideRivals,
  clientPacketOf,
  doubtFinding,
  dropperOf,
  finding,
  isPublished,
  type PortFinding,
  type PortQuestion,
  publishedFinding,
  type RivalRule,
  TRANSLATIONS,
} from "./published-port.ts";

/** Chains that no packet from outside meets before it is routed. */
const OTHER_HOOKS: ReadonlySet<string> = new Set(["INPUT", "OUTPUT", "POSTROUTING"]);

const BEST_FIRST: readonly PortFinding["verdict"][] = ["healthy", "unknown", "unhealthy"];

/** Undefined where no table has a rule for the port, nor Rancher's chain. Packets meet the tables of both backends. */
export function judgeIpv6Port(tables: readonly Table[], question: PortQuestion): PortFinding | undefined {
  const findings = tables.flatMap((table) => findingIn(table, clientPacketOf(question)) ?? []);
  const rankOf = (one: PortFinding) => BEST_FIRST.indexOf(one.verdict) - (isPublished(one) ? 0.5 : 0);
  const best = findings.toSorted((a, b) => rankOf(a) - rankOf(b))[0];
  if (best === undefined || !isPublished(best) || tables.length === 1) return best;
  const droppers = tables.flatMap((table) => dropperBeside(table, question) ?? []);
  return besideRivals(best, droppers, "this table");
}

/** The rule by which a table that does not publish the port drops most clients. */
function dropperBeside(table: Table, question: PortQuestion): RivalRule | undefined {
  const found = findingIn(table, clientPacketOf(question));
  return found !== undefined && isPublished(found) ? undefined : dropperOf(table, question);
}

/** The finding if the IPv6 rules cannot judge the port. */
export function ipv6NotJudged({ address }: PortQuestion): PortFinding {
  const detail =
    `Rancher publishes no port for IPv6, and ip6tables has no rule for this one, so the port check cannot judge ${address}. ` +
    "Check what serves it with CHECK_TCP";
  return { verdict: "unknown", reason: "ipv6-not-judged", detail };
}

function findingIn(table: Table, packet: ClientPacket): PortFinding | undefined {
  const shares = shareOut(walkNatTable(table, packet, "any-chain"), packet.family);
  const published = publishedFinding(shares, packet);
  if (published !== undefined) return published;
  const { verdict, gains, losses } = shares;
  if (verdict === "unknown") return doubtFinding(shares, "port-not-published");
  const rule = translationFor(table, packet);
  if (rule === undefined) {
    return table.chains.has(RANCHER_CHAIN)
      ? finding("unhealthy", "port-not-published", undefined)
      : undefined;
  }
  return {
    ...explainLoss(table, packet, rule, losses[0]?.outcome.rule),
    ...exceptionsOf(gains, packet.family),
  };
}

/** Why a rule that publishes the port is not met. @param decidedBy the rule that most clients meet instead. */
function explainLoss(
  table: Table,
  packet: ClientPacket,
  translation: Rule,
  decidedBy: Rule | undefined,
): PortFinding {
  const anywhere = { ...packet, destination: "any" } as const;
  const elsewhere = shareOut(walkNatTable(table, anywhere, "any-chain"), packet.family);
  if (elsewhere.verdict === "published") {
    const rule = elsewhere.gains[0]?.outcome.rule ?? translation;
    return finding("unhealthy", "published-on-other-address", formatRule(rule));
  }
  const detail =
    decidedBy === undefined
      ? `not reached: ${formatRule(translation)}`
      : `decided by ${formatRule(decidedBy)}`;
  return finding("unhealthy", "chain-not-hooked", detail);
}

/**
 * The first rule for the port that would translate some clients, at any address, wherever it stands. A rule for every
 * port proves nothing about this one: kube-proxy has one for each of its targets, behind conditions of other chains.
 */
function translationFor({ chains }: Table, packet: ClientPacket): Rule | undefined {
  const anywhere = { ...packet, destination: "any" } as const;
  return [...chains]
    .filter(([name]) => !OTHER_HOOKS.has(name))
    .flatMap(([, chain]) => chain.rulesForPort(packet.port))
    .find(({ target, ...rule }) => {
      if (target === undefined || !TRANSLATIONS.has(target.name) || !namesPort(rule)) return false;
      return selectClients({ ...rule, target }, anywhere, FIRST_TIME).sources.length > 0;
    });
}

function namesPort({ options, matches }: Omit<Rule, "target">): boolean {
  const all = [...options, ...matches.flatMap((match) => match.options)];
  return all.some(({ name }) => PORT_OPTIONS.has(name));
}
