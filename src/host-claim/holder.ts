/** Identifies the holder of the agent's socket, by its answer and by `/proc`. */

import { AgentError } from "../errors.ts";
import type { Status } from "../status/status.ts";

/** A name of an abstract unix socket. Every process of the network namespace may bind it. */
export const CLAIM_NAME = "rancher-keepalived";

/** Inodes of the sockets that are bound to an abstract name. @param table text of `/proc/net/unix`. */
export function inodesBoundTo(table: string, name: string): string[] {
  return table.split("\n").flatMap((row) => {
    const [, inode, path] = /^\S+: \S+ \S+ \S+ \S+ \S+ +(\d+) (@.*)$/.exec(row) ?? [];
    return inode !== undefined && path === `@${name}` ? [inode] : [];
  });
}

/** Whether an answer on the socket has the shape of a status. This is no proof: any process could send the same. */
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

/**
 * Whether an agent, or a command of its operator, may run as this user: root, or the user that asks.
 *
 * @param user undefined where the kernel could not be asked. Then the answer's shape alone counts.
 */
export function isTrustedUser(user: number | undefined, own: number | undefined): boolean {
  return user === undefined || user === 0 || user === own;
}

/**
 * @param holders the visible ones: from inside a container, processes outside are invisible.
 * @param user the one that holds the socket, where that is why it is no agent.
 */
export function foreignHolderError(holders: readonly Process[], user?: number): AgentError {
  const names =
    holders.length === 0
      ? "a process that is not visible from here"
      : holders.map(({ pid, name }) => `${name} (pid ${pid})`).join(", ");
  const why = user === undefined ? "is not an agent" : `runs as user ${user}, and an agent runs as root`;
  return new AgentError(
    "CLAIM_TAKEN",
    `${names} has the socket @${CLAIM_NAME} of this host network, but ${why}`,
  );
}
