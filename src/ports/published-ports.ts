/**
 * Whether Rancher publishes all the ports in question, by the nat tables of both iptables backends.
 *
 * Packets meet the rules of nft and of legacy, so the backend with Rancher's chain decides. A table that cannot be read
 * makes the verdict `unknown`, never "chain missing". A transient failure of one backend also makes an unhealthy verdict
 * of the other `unknown`: its chain may be a leftover of a migration, on every host alike. A permanent failure does not,
 * because it would keep the VIP for ever on a host that does not serve.
 */

import { RANCHER_CHAIN } from "../iptables/rancher-chain.ts";
import { formatRule } from "../iptables/rule.ts";
import { parseTable, type Table, type TableProblem } from "../iptables/table.ts";
import { isTransient, READ_FAILURES, type ReadFailure, type TableRead } from "../iptables/table-read.ts";
import { publishedPorts } from "./published-list.ts";
import {
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

/**
 * Healthy only if every port is published.
 *
 * @throws {RangeError} without a question.
 */
export function judgePorts(
  reads: { readonly nft: TableRead; readonly legacy: TableRead },
  questions: readonly PortQuestion[],
): PortsVerdict {
  const { tables, failures } = readTables(reads);
  const withChain = tables.filter(({ chains }) => chains.has(RANCHER_CHAIN));
  const others = tables.filter(({ chains }) => !chains.has(RANCHER_CHAIN));
  const [failure] = failures.toSorted(
    (a, b) => READ_FAILURES.indexOf(a.reason) - READ_FAILURES.indexOf(b.reason),
  );
  const doubt = withChain.length === 0 ? failure : failures.find(isTransient);
  const ports = questions.map((question) => {
    const finding = judgeAgainstRivals(judgePortInTables(withChain, question), others, question);
    return { ...question, ...(finding.verdict === "unhealthy" ? (doubt ?? finding) : finding) };
  });
  return {
    ...worstOf(ports),
    ports,
    warnings: withChain.length > 1 ? ["both-backends"] : [],
    unreadableRules: withChain.flatMap(unreadableRulesOf),
    published: publishedPorts(withChain),
  };
}

/** The verdict where there is no table to judge by. @throws {RangeError} without a question. */
export function unjudged(
  questions: readonly PortQuestion[],
  reason: ReadFailure,
  detail: string,
): PortsVerdict {
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

interface Failure {
  readonly verdict: "unknown";
  readonly reason: ReadFailure;
  readonly detail: string;
}

function readTables(reads: Readonly<Record<"nft" | "legacy", TableRead>>) {
  const tables: Table[] = [];
  const failures: Failure[] = [];
  for (const [backend, read] of Object.entries(reads)) {
    if (read.kind === "absent") continue;
    const table = read.kind === "table" ? parseTable(read.text, "nat") : read;
    if ("chains" in table) tables.push(table);
    else failures.push(explainFailure(backend, table));
  }
  return { tables, failures };
}

function explainFailure(backend: string, failed: TableProblem | (TableRead & { kind: "error" })): Failure {
  const failure = (reason: ReadFailure, detail: string): Failure => {
    return { verdict: "unknown", reason, detail: `${backend}: ${detail}` };
  };
  if ("reason" in failed) return failure(failed.reason, failed.detail ?? failed.reason);
  return failed.problem === "table-incompatible"
    ? failure("table-incompatible", "iptables cannot express this nat table")
    : failure("iptables-busy", "the save was cut short");
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
  const [rival] =
    finding.verdict === "healthy" ? others.flatMap((table) => rivalOf(table, question) ?? []) : [];
  if (rival === undefined) return finding;
  const detail = `the other iptables backend may come first: ${formatRule(rival)}`;
  return { verdict: "unknown", reason: "chain-not-hooked", detail };
}

function unreadableRulesOf({ chains }: Table): string[] {
  const rules = ["PREROUTING", RANCHER_CHAIN].flatMap((name) => chains.get(name)?.rules ?? []);
  return rules.flatMap((rule) => (rule.unread === undefined ? [] : [formatRule(rule)]));
}

function rankOf({ reason }: PortFinding): number {
  return BEST_FIRST.indexOf(reason);
}
