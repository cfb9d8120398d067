/** What the programs that read nat tables have in common: their surroundings, and the limits of what they say. */
import { bareEnvironment } from "../system/child-command.ts";
import type { BackendRead, ReadFailure } from "./published-ports.ts";

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
