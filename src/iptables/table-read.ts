/** What a program that reads a table of iptables came to, and what its end means: exit statuses are the same for all of it. */
import { bareEnvironment } from "../system/child-command.ts";

export interface ProgramEnd {
  /** Undefined where a signal ended it. */
  readonly status: number | undefined;
  /** What it wrote on stderr, in English. */
  readonly complaint: string;
}

/** For people; the whole of it is a page of advice at times. */
const MAX_DETAIL = 300;

const MEANINGS: readonly (readonly [words: RegExp, meaning: "absent" | ReadFailure])[] = [
  // a kernel without nf_tables, in the words of the socket or of nfnetlink, has no rules of nft
  [/Protocol not supported|generation id: Invalid argument/, "absent"],
  [/^E(NOENT|ACCES)$/, "iptables-unusable"], // Node's words where not even setpriv could be started
  [/temporarily unavailable|resource busy|Cannot allocate memory/i, "iptables-busy"],
];

/** The read of a program that did not do its work. */
export function explainExit({ status, complaint }: ProgramEnd): BackendRead {
  const lines = complaint.split("\n").filter((line) => line.trim() !== "" && !line.startsWith("#"));
  const said = lines.join("; ").slice(0, MAX_DETAIL);
  // one that was killed may do better the next time, one that fails by itself will not
  const otherwise = status === undefined ? "iptables-busy" : "iptables-unusable";
  const meaning = MEANINGS.find(([words]) => words.test(said))?.[1] ?? otherwise;
  if (meaning === "absent") return { kind: "absent" };
  const ended = status === undefined ? "ended early" : `exit status ${status}`;
  return { kind: "error", reason: meaning, detail: said === "" ? ended : `${ended}: ${said}` };
}

/** Why a backend could not be read. The first to apply names the verdict: what an operator must mend comes first. */
export const FAILURES = ["table-incompatible", "iptables-unusable", "iptables-busy", "timeout"] as const;

export type ReadFailure = (typeof FAILURES)[number];

/** Whether a failed read may succeed the next time, with nobody's help. */
export function isPassing({ reason }: { readonly reason: ReadFailure }): boolean {
  return reason === "iptables-busy" || reason === "timeout";
}

/** `table`: the text of its save. `absent`: the backend has no nat table, which is an answer. */
export type BackendRead =
  | { readonly kind: "table"; readonly text: string }
  | { readonly kind: "absent" }
  | { readonly kind: "error"; readonly reason: ReadFailure; readonly detail?: string };

/** One filter table: packets of its family meet those of both backends. */
export interface FilterRead {
  readonly family: "ipv4" | "ipv6";
  readonly backend: "nft" | "legacy";
  readonly read: BackendRead;
}

/** Of the text of a table: 150,000 rules. */
export const MAX_TABLE_BYTES = 16 * 1024 * 1024;

export function failedRead(reason: ReadFailure, detail: string): BackendRead {
  return { kind: "error", reason, detail };
}

export const TOO_LARGE = failedRead("iptables-unusable", "the table is larger than 16 MiB");

/** Options of their start: no lock shared with those who write rules, and an end that nothing can put off. */
export function natProgramOptions(environment: Readonly<Record<string, string | undefined>>) {
  return {
    ...bareEnvironment(environment, { XTABLES_LOCKFILE: "/proc/self/comm" }),
    killSignal: "SIGKILL",
    reject: false,
  } as const;
}
