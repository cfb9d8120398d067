/** Identifies the holder of the agent's socket, by its answer and by `/proc`. */

import { AgentError } from "../errors.ts";
import type { Status } from "../status/status.ts";

/** A name of an abstract unix socket. Every process of the network namespace may bind it. */
export const CLAIM_NAME = "rancher-keepalived";

/** Inodes of the sockets that seem to be bound to an abstract name. @param table text of `/proc/net/unix`. */
export function inodesBoundTo(table: string, name: string): string[] {
  return table.split("\n").flatMap((row) => {
    const [, inode, path] = /^\S+: \S+ \S+ \S+ \S+ \S+ +(\d+) (@.*)$/.exec(row) ?? [];
    // a connection that was not accepted yet has no inode
    return inode !== undefined && inode !== "0" && path === `@${name}` ? [inode] : [];
  });
}

/**
 * Inodes of the stream sockets that are bound to an abstract name: the one that listens, and the other ends of its
 * connections. Packets may have the same name, and no connection leads to them.
 *
 * A row proves nothing: a path may have line ends in it, so any user can add rows. But none can hide the row of a socket.
 *
 * @param table text of `/proc/net/unix`.
 */
export function streamsBoundTo(table: string, name: string): string[] {
  const streams = table.split("\n").filter((row) => /^\S+: \S+ \S+ \S+ 0001 /.test(row)); // SOCK_STREAM
  return inodesBoundTo(streams.join("\n"), name);
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
 * @param user undefined where it is unknown. Then nothing is trusted.
 */
export function isTrustedUser(user: number | undefined, own: number | undefined): boolean {
  return user !== undefined && (user === 0 || user === own);
}

/** The one user who opened all these sockets; undefined where one of them is not known, or where they are of several users. */
export function onlyOpener(openers: readonly (number | undefined)[]): number | undefined {
  return new Set(openers).size === 1 ? openers[0] : undefined;
}

/** @param holders the visible ones: from inside a container, processes outside are invisible. */
export function foreignHolderError(holders: readonly Process[]): AgentError {
  return claimTaken(holders, "is not an agent");
}

/** @param user the user who opened the socket; undefined where it is unknown. */
export function untrustedHolderError(holders: readonly Process[], user: number | undefined): AgentError {
  if (user !== undefined) return claimTaken(holders, `runs as user ${user}, and an agent runs as root`);
  return claimTaken(holders, "without Perl, this command cannot tell whether it runs as root", {
    hint: "Run this command in the agent's container: Perl is there, and the agent's process is visible.",
  });
}

function claimTaken(
  holders: readonly Process[],
  why: string,
  options?: { readonly hint: string },
): AgentError {
  const names =
    holders.length === 0
      ? "a process that is not visible from here"
      : holders.map(({ pid, name }) => `${name} (pid ${pid})`).join(", ");
  const message = `${names} has the socket @${CLAIM_NAME} of this host network, but ${why}`;
  return new AgentError("CLAIM_TAKEN", message, options);
}
