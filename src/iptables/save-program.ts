/** The programs that print a table of iptables: how they are started, and what their exit means. All of them share both. */
import { bareEnvironment } from "../system/child-command.ts";
import { failedRead, type ReadFailure, type TableRead } from "./table-read.ts";

/** Their names, up to the backend: `iptables-nft-save`. */
export const TABLE_PROGRAMS = { ipv4: "iptables", ipv6: "ip6tables" } as const;
/** The kernel's list of legacy tables. It is to be read first, because a request for a missing table creates it for good. */
export const LEGACY_TABLE_NAMES = {
  ipv4: "/proc/net/ip_tables_names",
  ipv6: "/proc/net/ip6_tables_names",
} as const;

/** Enough for 150,000 rules. A longer table is not read. */
export const MAX_TABLE_BYTES = 16 * 1024 * 1024;
/** Some programs print a page of advice. */
const MAX_DETAIL_CHARACTERS = 300;

const MEANINGS: readonly (readonly [stderr: RegExp, meaning: "absent" | ReadFailure])[] = [
  // a kernel without nf_tables has no rules of nft; the socket and nfnetlink word it differently
  [/Protocol not supported|generation id: Invalid argument/, "absent"],
  [/^E(NOENT|ACCES)$/, "iptables-unusable"], // Node's code where even setpriv could not be started
  // a rule of nft's own that iptables does not know
  [/Parsing nftables rule failed/, "table-incompatible"],
  [/temporarily unavailable|resource busy|Cannot allocate memory/i, "iptables-busy"],
];

export const TOO_LARGE = failedRead("iptables-unusable", "the table is larger than 16 MiB");

/**
 * Options for execa, of a program that is bound to the agent. It takes no lock that writers of rules need, and is ended by
 * SIGKILL.
 */
export function saveProgramOptions(environment: Readonly<Record<string, string | undefined>>) {
  return {
    ...bareEnvironment(environment, { XTABLES_LOCKFILE: "/proc/self/comm" }),
    cleanup: false, // the kernel ends it with the agent; execa's own way costs CPU time at each start
    killSignal: "SIGKILL",
    reject: false,
  } as const;
}

export interface ProgramExit {
  /** Undefined where a signal ended it. */
  readonly status: number | undefined;
  /** Its stderr, in English, or Node's error code where it was not started. */
  readonly stderr: string;
}

/** What the failure of a program says about the table. */
export function explainExit({ status, stderr }: ProgramExit): TableRead {
  const lines = stderr.split("\n").filter((line) => line.trim() !== "" && !line.startsWith("#"));
  const said = lines.join("; ").slice(0, MAX_DETAIL_CHARACTERS);
  // a program that was killed may succeed the next time, one that failed by itself will fail again
  const otherwise = status === undefined ? "iptables-busy" : "iptables-unusable";
  const meaning = MEANINGS.find(([pattern]) => pattern.test(said))?.[1] ?? otherwise;
  if (meaning === "absent") return { kind: "absent" };
  const ended = status === undefined ? "ended early" : `exit status ${status}`;
  return { kind: "error", reason: meaning, detail: said === "" ? ended : `${ended}: ${said}` };
}
