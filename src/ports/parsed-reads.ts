/** The nat tables that were read, parsed: those of iptables, and nft's own base chains as separate tables. */
import {
  dropPolicyIn,
  type ParsedEarlier,
  parseEarlier,
  parseTable,
  type Table,
  type TableProblem,
} from "../iptables/table.ts";
import { type NatReads, READ_FAILURES, type ReadFailure, type TableRead } from "../iptables/table-read.ts";

/** Why a table cannot be used. */
export interface Failure {
  readonly verdict: "unknown";
  readonly reason: ReadFailure;
  readonly detail: string;
}

export interface ParsedReads {
  readonly tables: readonly Table[];
  readonly failures: readonly Failure[];
  /** Tables that packets meet before the nat tables, and that cannot be read. They may drop every client. */
  readonly unreadEarlier: readonly Failure[];
}

export function parseReads(reads: NatReads): ParsedReads {
  const tables: Table[] = [];
  const failures: Failure[] = [];
  const { earlier, unreadEarlier } = earlierOf(reads);
  for (const backend of ["nft", "legacy"] as const) {
    const read = reads[backend];
    if (read.kind === "absent") continue;
    const table = read.kind === "table" ? parseNat(read.text) : read;
    if ("chains" in table) tables.push(table);
    else failures.push(explainFailure(backend, table));
    if (read.kind === "table") tables.push(...besideOf(read));
  }
  const all = tables.map((table) => ({ ...table, ...(earlier.length > 0 && { earlier }) }));
  return { tables: all, failures, unreadEarlier };
}

interface EarlierReads {
  readonly earlier: NonNullable<Table["earlier"]>;
  readonly unreadEarlier: readonly Failure[];
}

function earlierOf({ earlier: texts = [] }: NatReads): EarlierReads {
  const earlier: ParsedEarlier[] = [];
  const unreadEarlier: Failure[] = [];
  for (const one of texts) {
    const read = parseEarlier(one);
    if (one.failure !== undefined)
      unreadEarlier.push(
        unread(one.failure, "not read yet: the tables that clients meet before the nat table"),
      );
    else if (read !== undefined && "problem" in read) unreadEarlier.push(explainUnread(one.name, read));
    else if (read !== undefined) earlier.push(read);
  }
  return { earlier: earlier.toSorted((a, b) => a.priority - b.priority), unreadEarlier };
}

function explainUnread(name: string, { problem }: TableProblem): Failure {
  return problem === "table-incompatible"
    ? unread(problem, `iptables cannot express the ${name} table, which clients meet first`)
    : unread("iptables-busy", `the save of the ${name} table was cut short, and clients meet it first`);
}

function unread(reason: ReadFailure, detail: string): Failure {
  return { verdict: "unknown", reason, detail };
}

function parseNat(text: string): Table | TableProblem {
  const table = parseTable(text, "nat");
  const policy = dropPolicyIn(text, "nat");
  return "chains" in table && policy !== undefined ? { ...table, policy } : table;
}

/** The base chain of nft's own of which the save was made. */
const BASE_CHAIN = /^-A PREROUTING -j (\S+\/\S+)$/m;

function besideOf({ beside = [] }: { readonly beside?: readonly string[] }): Table[] {
  return beside.flatMap((save) => {
    const table = parseNat(save);
    if (!("chains" in table)) return [];
    const [, base = "PREROUTING"] = BASE_CHAIN.exec(save) ?? [];
    return [table.policy ? { ...table, policy: { ...table.policy, unread: `-P ${base} DROP` } } : table];
  });
}

function explainFailure(backend: string, failed: TableProblem | (TableRead & { kind: "error" })): Failure {
  const failure = (reason: ReadFailure, detail: string) => unread(reason, `${backend}: ${detail}`);
  if ("reason" in failed) return failure(failed.reason, failed.detail ?? failed.reason);
  return failed.problem === "table-incompatible"
    ? failure("table-incompatible", "iptables cannot express this nat table")
    : failure("iptables-busy", "the save was cut short");
}

/** The one that needs the operator most. */
export function worstFailure(failures: readonly Failure[]): Failure | undefined {
  const rankOfFailure = ({ reason }: Failure) => READ_FAILURES.indexOf(reason);
  return failures.toSorted((a, b) => rankOfFailure(a) - rankOfFailure(b))[0];
}
