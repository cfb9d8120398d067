/**
 * Ensures one agent per host network, by an abstract unix socket, which belongs to the network namespace.
 *
 * The process that listens on it is the agent of this host. The kernel frees the name when that process ends, so no stale
 * lock remains. Each client gets the agent's status as JSON lines, one at once and one at each change. A second agent waits
 * for the connection to end.
 */

import { once } from "node:events";
import { connect, createServer, type Server, type Socket } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { CLAIM_NAME } from "../holder.ts";

const NAME = `\0${CLAIM_NAME}`;
/**
 * Above this number the oldest connection is closed: any user of the host may connect, and must not lock an operator
 * out.
 */
const MAX_CLIENTS = 64;
/** Pause between attempts: the other process may end at once, or hold the name without accepting connections. */
const RETRY_MS = 50;
/** `onWait` is called this often while it waits. */
const REMIND_MS = 60_000;
/** A client with more unsent bytes has stopped reading, and is disconnected. */
const MAX_BACKLOG_BYTES = 1_000_000;

export interface HostClaim {
  /** Sends the status to every client, and to each later one when it connects. */
  publish(status: unknown): void;
  /** A client that connects gets the result of this function, if it is newer than the last publication. */
  setGreeting(read: () => unknown): void;
  release(): void;
}

/**
 * Resolves once this process is the only agent of the host network. It waits while another process holds the name.
 *
 * @param onWait called when the wait begins, and once a minute while it lasts.
 */
export async function claimHost(onWait: () => void, signal: AbortSignal): Promise<HostClaim> {
  let reminder: NodeJS.Timeout | undefined;
  try {
    for (;;) {
      signal.throwIfAborted();
      const server = await tryListen();
      if (server !== undefined) return claimOf(server);
      if (reminder === undefined) onWait();
      reminder ??= setInterval(onWait, REMIND_MS);
      await otherEnded(signal);
    }
  } finally {
    clearInterval(reminder);
  }
}

async function tryListen(): Promise<Server | undefined> {
  const server = createServer();
  server.listen(NAME);
  try {
    await once(server, "listening");
    return server;
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "EADDRINUSE") return undefined;
    throw error;
  }
}

async function otherEnded(signal: AbortSignal): Promise<void> {
  const socket = connect(NAME);
  const stop = () => socket.destroy();
  signal.addEventListener("abort", stop, { once: true });
  socket.resume();
  // the connection closes when the other agent ends; an error means that it ended just now
  await new Promise<void>((resolve) => socket.once("close", () => resolve()).once("error", () => resolve()));
  signal.removeEventListener("abort", stop);
  await sleep(RETRY_MS, undefined, { signal }).catch(() => undefined);
}

function claimOf(server: Server): HostClaim {
  server.on("error", () => undefined); // one connection could not be accepted (no descriptors left); the agent goes on
  const clients = new Set<Socket>();
  let greet = () => "";
  let hasGreeting = false;
  server.on("connection", (socket) => {
    const [oldest] = clients;
    if (oldest !== undefined && clients.size >= MAX_CLIENTS) {
      clients.delete(oldest);
      oldest.destroy();
    }
    clients.add(socket);
    socket.on("error", () => socket.destroy()).on("close", () => clients.delete(socket));
    socket.resume();
    socket.write(greet());
  });
  return {
    publish: (status) => {
      const latest = lineOf(status);
      if (!hasGreeting) greet = () => latest;
      for (const socket of clients) {
        if (socket.writableLength > MAX_BACKLOG_BYTES) socket.destroy();
        else socket.write(latest);
      }
    },
    setGreeting: (read) => {
      [greet, hasGreeting] = [() => lineOf(read()), true];
    },
    release: () => {
      server.close();
      for (const socket of clients) socket.destroy();
    },
  };
}

function lineOf(status: unknown): string {
  return `${JSON.stringify(status)}\n`;
}
