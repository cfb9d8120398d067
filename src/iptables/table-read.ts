/** What it means when an iptables program ends, by what it says: the exit statuses are the same for all of it. */
import type { BackendRead, ReadFailure } from "./published-ports.ts";

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
