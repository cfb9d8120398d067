/** Who has the name that one agent a host network claims, by what answers on it and by what `/proc` shows. */
import { AgentError } from "../errors.ts";
import type { Status } from "../status/status.ts";

/** In the abstract namespace of unix sockets, which every process of a network may use. */
export const CLAIM_NAME = "rancher-keepalived";

/** Inodes of the sockets that are bound to an abstract name, by `/proc/net/unix`. */
export function inodesBoundTo(table: string, name: string): string[] {
  return table.split("\n").flatMap((row) => {
    const [, inode, path] = /^\S+: \S+ \S+ \S+ \S+ \S+ +(\d+) (@.*)$/.exec(row) ?? [];
    return inode !== undefined && path === `@${name}` ? [inode] : [];
  });
}

/** Whether what came through the socket is what an agent says of itself. A pretender could say the same. */
export function isStatus(answer: unknown): answer is Status {
  if (typeof answer !== "object" || answer === null) return false;
  const { agent, instances, problems } = answer as Partial<Record<string, unknown>>;
  const hasPid = typeof agent === "object" && agent !== null && "pid" in agent;
  return hasPid && Array.isArray(instances) && Array.isArray(problems);
}

export interface Process {
  readonly pid: number;
  readonly name: string;
}

/** @param holders those that can be seen: an agent in a container sees no process outside of it. */
export function foreignHolderError(holders: readonly Process[]): AgentError {
  const who =
    holders.length === 0
      ? "a process that cannot be seen from here"
      : holders.map(({ pid, name }) => `${name} (pid ${pid})`).join(", ");
  return new AgentError(
    "CLAIM_TAKEN",
    `${who} has the socket @${CLAIM_NAME} of this network, and is no agent`,
  );
}
