/**
 * Whether all the ports in question are published, by the nat tables of both iptables backends.
 *
 * Packets meet the rules of nft and of legacy, so the backend with Rancher's chain decides. A table that cannot be read
 * makes the verdict `unknown`, never "chain missing". A transient failure of one backend also makes an unhealthy verdict
 * of the other `unknown`: its chain may be a leftover of a migration, on every host alike. A permanent failure does not,
 * because it would keep the VIP for ever on a host that does not serve.
 *
 * An IPv6 address is judged by ip6tables (published-ipv6.ts). If that cannot judge the port, the verdict is `unknown`.
 * But if Rancher's IPv4 chain exists and publishes the port for no address, this host does not serve it.
 */

import { RANCHER_CHAIN } from "../iptables/rancher-chain.ts";
import { formatRule } from "../iptables/rule.ts";
import type { Table } from "../iptables/table.ts";
import { isTransient, type NatReads, type ReadFailure } from "../iptables/table-read.ts";
import { isIpv6 } from "../network/address.ts";
import { type Failure, type ParsedReads, parseReads, worstFailure } from "./parsed-reads.ts";
import { ipv6NotJudged, judgeIpv6Port } from "./published-ipv6.ts";
import { publishedPorts } from "./published-list.ts";
import {
  besideRivals,
  isPublished,
  judgePort,
  type PortFinding,
  type PortQuestion,
  type PortReason,
  rivalOf,
} from "./published-port.ts";

export interface PortVerdict extends PortQuestion, Omit<PortFinding, "reason"> {
  readonly reason: PortReason | ReadFailure;
}

export interface PortsVerdict {
  readonly verdict: "healthy" | "unhealthy" | "unknown";
  /** The reason of the port that decides: the first unhealthy one, else the first unknown one, else the first. */
  readonly reason: PortReason | ReadFailure;
  readonly detail?: string;
  readonly ports: readonly PortVerdict[];
  /** `both-backends`: both tables have Rancher's chain. One is a leftover, but packets still meet it. */
  readonly warnings: readonly "both-backends"[];
}

/** With details that only people read. In a table of thousands of rules they cost as much as the verdict. */
export interface DetailedPortsVerdict extends PortsVerdict {
  /** The rules of PREROUTING and Rancher's chain of which a part cannot be read, as the save has them. */
  readonly unreadableRules: readonly string[];
  /** What Rancher's chain publishes, for people: `443/tcp for 192.168.10.11 -> 10.42.1.2:443`. */
  readonly published: readonly string[];
}

/** If both tables have the chain, the finding that comes first in this list counts. */
const BEST_FIRST: readonly PortReason[] = [
  "dnat",
  "ipv6-not-judged",
  "published-on-other-address",
  "port-not-published",
  "chain-not-hooked",
  "chain-missing",
];

const NOTHING_READ: NatReads = { nft: { kind: "absent" }, legacy: { kind: "absent" } };

/**
 * Healthy only if every port is published.
 *
 * @param ipv6 the tables of ip6tables, for questions about IPv6 addresses.
 * @throws {RangeError} without a question.
 */
export function judgePorts(
  reads: NatReads,
  questions: readonly PortQuestion[],
  ipv6: NatReads = NOTHING_READ,
): PortsVerdict {
  return judgeByTables(judgingTables(reads), parseReads(ipv6), questions);
}

/** The same for people. @throws {RangeError} without a question. */
export function judgePortsInDetail(
  reads: NatReads,
  questions: readonly PortQuestion[],
  ipv6: NatReads = NOTHING_READ,
): DetailedPortsVerdict {
  const ipv4Tables = judgingTables(reads);
  const ipv6Tables = parseReads(ipv6);
  const isOnlyIpv6 = questions.every(({ address }) => isIpv6(address));
  const { withChain } = ipv4Tables;
  const read = isOnlyIpv6 ? ipv6Tables.tables : withChain;
  return {
    ...judgeByTables(ipv4Tables, ipv6Tables, questions),
    unreadableRules: read.flatMap(unreadableRulesOf),
    published: publishedPorts(withChain).map((text) => (isOnlyIpv6 ? `${text} (IPv4)` : text)),
  };
}

function judgeByTables(
  ipv4Tables: JudgingTables,
  ipv6Tables: ParsedReads,
  questions: readonly PortQuestion[],
): PortsVerdict {
  const ports = questions.map((question) => ({
    ...question,
    ...(isIpv6(question.address)
      ? judgeByIpv6(ipv6Tables, ipv4Tables, question)
      : judgeByIpv4(ipv4Tables, question)),
  }));
  return {
    ...worstOf(ports),
    ports,
    warnings: ipv4Tables.withChain.length > 1 ? ["both-backends"] : [],
  };
}

/**
 * Whether the agent counts the verdict as a pass: nothing is unhealthy, and another read would not tell more. Otherwise a rule
 * that nobody can read, on all hosts, would keep each of them from the VIP once its port was gone for a moment.
 */
export function isNotJudged({ verdict, ports }: PortsVerdict): boolean {
  const unknown = ports.filter((port) => port.verdict === "unknown");
  const isPass = ({ reason, isPublishedAsRead }: PortVerdict) =>
    reason === "ipv6-not-judged" || isPublishedAsRead === true;
  return verdict === "unknown" && unknown.every(isPass);
}

interface JudgingTables {
  readonly withChain: readonly Table[];
  /** Without Rancher's chain. */
  readonly others: readonly Table[];
  /** What makes an unhealthy verdict unknown. */
  readonly doubt: Failure | undefined;
  /** What makes a healthy verdict unknown. */
  readonly unreadEarlier: Failure | undefined;
}

function judgingTables(reads: NatReads): JudgingTables {
  const { tables, failures, unreadEarlier } = parseReads(reads);
  const withChain = tables.filter(({ chains }) => chains.has(RANCHER_CHAIN));
  const others = tables.filter(({ chains }) => !chains.has(RANCHER_CHAIN));
  const doubt = withChain.length === 0 ? worstFailure(failures) : failures.find(isTransient);
  return { withChain, others, doubt, unreadEarlier: unreadEarlier[0] };
}

function judgeByIpv4(
  { withChain, others, doubt, unreadEarlier }: JudgingTables,
  question: PortQuestion,
): PortFinding | PortFailure {
  const found = judgeAgainstRivals(judgePortInTables(withChain, question), others, question);
  if (found.verdict === "healthy") return unlessUnread(found, unreadEarlier);
  return found.verdict === "unhealthy" ? (doubt ?? found) : found;
}

type PortFailure = Failure & Pick<PortFinding, "target">;

/** Where the earlier tables cannot be read, the target is known all the same. */
function unlessUnread(published: PortFinding, unreadEarlier: Failure | undefined): PortFinding | PortFailure {
  const { target } = published;
  return unreadEarlier === undefined ? published : { ...unreadEarlier, ...(target && { target }) };
}

function judgeByIpv6(
  { tables, failures, unreadEarlier }: ParsedReads,
  ipv4: JudgingTables,
  question: PortQuestion,
): PortFinding | PortFailure {
  const found = judgeIpv6Port(tables, question);
  if (found?.verdict === "healthy") return unlessUnread(found, unreadEarlier[0]);
  const failure = found === undefined ? worstFailure(failures) : failures.find(isTransient);
  if (failure !== undefined || found !== undefined) return failure ?? found ?? ipv6NotJudged(question);
  const { withChain, doubt } = ipv4;
  if (doubt !== undefined && isTransient(doubt)) return doubt;
  if (withChain.length === 0) return ipv6NotJudged(question);
  const forIpv4 = judgePortInTables(withChain, { ...question, address: "any" });
  if (forIpv4.verdict !== "unhealthy") return ipv6NotJudged(question);
  const why = forIpv4.detail === undefined ? "" : `, ${forIpv4.detail}`;
  return { ...forIpv4, detail: `not by ip6tables, nor by Rancher for IPv4${why}` };
}

/** The verdict where there is no table to judge by. @throws {RangeError} without a question. */
export function unjudged(
  questions: readonly PortQuestion[],
  reason: ReadFailure,
  detail: string,
): DetailedPortsVerdict {
  const ports = questions.map((question) => ({ ...question, verdict: "unknown", reason, detail }) as const);
  return { ...worstOf(ports), ports, warnings: [], unreadableRules: [], published: [] };
}

/** @throws {RangeError} without a port. */
function worstOf(ports: readonly PortVerdict[]): Pick<PortsVerdict, "verdict" | "reason" | "detail"> {
  const decisive =
    ports.find(({ verdict }) => verdict === "unhealthy") ??
    ports.find(({ verdict }) => verdict === "unknown") ??
    ports[0];
  if (decisive === undefined) throw new RangeError("judgePorts was asked about no port");
  const { verdict, reason, detail } = decisive;
  return { verdict, reason, ...(detail === undefined ? {} : { detail }) };
}

const NO_TABLE: Table = { chains: new Map() };

/** The best finding of all tables. Without a table the chain is missing. */
function judgePortInTables(tables: readonly Table[], question: PortQuestion): PortFinding {
  const findings = tables.map((table) => judgePort(table, question));
  return findings.reduce((a, b) => (rankOf(b) < rankOf(a) ? b : a), judgePort(NO_TABLE, question));
}

/**
 * Packets meet the nat tables of both backends, and the first translation counts. Which table comes first depends on the order
 * in which they were made, and that is not known.
 */
function judgeAgainstRivals(
  finding: PortFinding,
  others: readonly Table[],
  question: PortQuestion,
): PortFinding {
  if (!isPublished(finding)) return finding;
  const rivals = others.flatMap((table) => rivalOf(table, question) ?? []);
  return besideRivals(finding, rivals, "Rancher's table");
}

function unreadableRulesOf({ chains }: Table): string[] {
  const rules = ["PREROUTING", RANCHER_CHAIN].flatMap((name) => chains.get(name)?.rules ?? []);
  return rules.flatMap((rule) => (rule.unread === undefined ? [] : [formatRule(rule)]));
}

/** A port that is published but for a rule that may take clients away comes next to one that certainly is. */
function rankOf(finding: PortFinding): number {
  return finding.isPublishedAsRead === true ? 0.5 : BEST_FIRST.indexOf(finding.reason);
}
