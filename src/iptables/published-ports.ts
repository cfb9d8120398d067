/**
 * Whether Rancher publishes all the ports in question, from the saves of both iptables backends.
 *
 * The kernel keeps the rules of nft and legacy apart and packets meet both, so the backend to believe is the one
 * that holds Rancher's chain. A save that cannot be read says nothing: the verdict is `unknown` and never a
 * missing chain. Nor is the other chain believed where it says no and a read failed that may succeed the next time:
 * it may be what a migration to the other backend left behind, on every host alike. A read that fails for good (nft
 * rules that iptables cannot express, a missing program) must not keep the VIP for ever on a host that does not serve.
 */

import { RANCHER_CHAIN } from "./nat-walk.ts";
import { judgePort, type PortFinding, type PortQuestion, type PortReason } from "./published-port.ts";
import { type NatTable, parseNatTable, type TableProblem } from "./table.ts";
import { type BackendRead, FAILURES, isPassing, type ReadFailure } from "./table-read.ts";

export interface PortVerdict extends PortQuestion, Omit<PortFinding, "reason"> {
  readonly reason: PortReason | ReadFailure;
}

export interface HostVerdict {
  readonly verdict: "healthy" | "unhealthy" | "unknown";
  /** Of the port that decided: the first unhealthy one, else the first unknown one, else the first. */
  readonly reason: PortReason | ReadFailure;
  readonly detail?: string;
  readonly ports: readonly PortVerdict[];
  /** `both-backends`: one of the two chains is left over, and packets meet it all the same. */
  readonly warnings: readonly "both-backends"[];
  /** Rules of Rancher's chain that could not be read, and were left out. */
  readonly unreadableRules: number;
}

/** Two tables may both have the chain: the more a finding says for the port, the further to the front. */
const BEST_FIRST: readonly PortReason[] = [
  "dnat",
  "ipv6-not-judged",
  "published-on-other-address",
  "port-not-published",
  "chain-not-hooked",
  "chain-missing",
];

/** @throws {RangeError} for no question; every port that is asked about has to be published. */
export function judgePorts(
  reads: { readonly nft: BackendRead; readonly legacy: BackendRead },
  questions: readonly PortQuestion[],
): HostVerdict {
  const { tables, failures } = readTables(reads);
  const hooked = tables.filter(({ chains }) => chains.has(RANCHER_CHAIN));
  const [failure] = failures.toSorted((a, b) => FAILURES.indexOf(a.reason) - FAILURES.indexOf(b.reason));
  const doubt = hooked.length === 0 ? failure : failures.find(isPassing);
  const ports = questions.map((question) => {
    const finding = judgeIn(hooked, question);
    return { ...question, ...(finding.verdict === "unhealthy" ? (doubt ?? finding) : finding) };
  });
  const decisive =
    ports.find(({ verdict }) => verdict === "unhealthy") ??
    ports.find(({ verdict }) => verdict === "unknown") ??
    ports[0];
  if (decisive === undefined) throw new RangeError("judgePorts was asked about no port");
  const { verdict, reason, detail } = decisive;
  return {
    verdict,
    reason,
    ...(detail === undefined ? {} : { detail }),
    ports,
    warnings: hooked.length > 1 ? ["both-backends"] : [],
    unreadableRules: hooked.reduce(
      (sum, { chains }) => sum + (chains.get(RANCHER_CHAIN)?.unreadable ?? 0),
      0,
    ),
  };
}

interface Failure {
  readonly verdict: "unknown";
  readonly reason: ReadFailure;
  readonly detail: string;
}

function readTables(reads: Readonly<Record<"nft" | "legacy", BackendRead>>) {
  const tables: NatTable[] = [];
  const failures: Failure[] = [];
  for (const [backend, read] of Object.entries(reads)) {
    if (read.kind === "absent") continue;
    const table = read.kind === "table" ? parseNatTable(read.text) : read;
    if ("chains" in table) tables.push(table);
    else failures.push(explain(backend, table));
  }
  return { tables, failures };
}

function explain(backend: string, failed: TableProblem | (BackendRead & { kind: "error" })): Failure {
  const failure = (reason: ReadFailure, detail: string): Failure => {
    return { verdict: "unknown", reason, detail: `${backend}: ${detail}` };
  };
  if ("reason" in failed) return failure(failed.reason, failed.detail ?? failed.reason);
  return failed.problem === "table-incompatible"
    ? failure("table-incompatible", "iptables cannot express this nat table")
    : failure("iptables-busy", "the save was cut short");
}

const NO_TABLE: NatTable = { chains: new Map() };

/** The best finding of the tables; that of a missing chain where there are none. */
function judgeIn(tables: readonly NatTable[], question: PortQuestion): PortFinding {
  const findings = tables.map((table) => judgePort(table, question));
  return findings.reduce((a, b) => (rankOf(b) < rankOf(a) ? b : a), judgePort(NO_TABLE, question));
}

function rankOf({ reason }: PortFinding): number {
  return BEST_FIRST.indexOf(reason);
}
