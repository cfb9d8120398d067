/**
 * One agent a host network, and a line to it: an abstract unix socket, which lives in the network namespace.
 *
 * Whoever listens on it is the agent of this host; the kernel frees the name when that process ends, however it
 * ends, so nothing stale can stay behind. Whoever connects gets the agent's status, one JSON line now and one
 * at each change: `status` reads the first, a waiting second agent only waits for the end.
 */
import { once } from "node:events";
import { connect, createServer, type Server, type Socket } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { AgentError } from "../../errors.ts";
import { CLAIM_NAME } from "../holder.ts";

const NAME = `\0${CLAIM_NAME}`;
const MAX_LISTENERS = 64;
/** Pause before the next try, ms: the other may end at once, or hold the name without taking connections. */
const RETRY_MS = 50;
const REMIND_MS = 60_000;
/** A reader that lets this many bytes pile up has stopped reading. */
const MAX_BACKLOG_BYTES = 1_000_000;

export interface HostClaim {
  /** Tells every listener, and each later one when it connects. */
  publish(status: unknown): void;
  release(): void;
}

/**
 * Resolves once this process is the one agent of the host network; until then it waits for whoever holds the name to end.
 *
 * @param onWait called when somebody holds it, and each minute that somebody still does.
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
      await endOfOther(signal);
    }
  } finally {
    clearInterval(reminder);
  }
}

/** The status of the agent that runs on this host, and each later one. @throws {AgentError} AGENT_UNREACHABLE */
export async function* readStatus(timeoutMs: number, signal: AbortSignal): AsyncGenerator<unknown> {
  const socket = connect(NAME);
  const timer = setTimeout(() => socket.destroy(new Error(`no answer within ${timeoutMs} ms`)), timeoutMs);
  const stop = () => socket.destroy();
  signal.addEventListener("abort", stop, { once: true });
  let pending = "";
  try {
    for await (const chunk of socket.setEncoding("utf8")) {
      const lines = (pending + chunk).split("\n");
      pending = lines.pop() ?? "";
      if (lines.length > 0) clearTimeout(timer);
      for (const line of lines) yield JSON.parse(line);
    }
  } catch (error) {
    throw new AgentError("AGENT_UNREACHABLE", "no agent answers in this host network", { cause: error });
  } finally {
    clearTimeout(timer);
    signal.removeEventListener("abort", stop);
    socket.destroy();
  }
}

async function tryListen(): Promise<Server | undefined> {
  const server = createServer();
  server.maxConnections = MAX_LISTENERS;
  server.listen(NAME);
  try {
    await once(server, "listening");
    return server;
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "EADDRINUSE") return undefined;
    throw error;
  }
}

async function endOfOther(signal: AbortSignal): Promise<void> {
  const socket = connect(NAME);
  const stop = () => socket.destroy();
  signal.addEventListener("abort", stop, { once: true });
  socket.resume();
  // the connection ends with the other agent; an error means that it ended just now
  await new Promise<void>((resolve) => socket.once("close", () => resolve()).once("error", () => resolve()));
  signal.removeEventListener("abort", stop);
  await sleep(RETRY_MS, undefined, { signal }).catch(() => undefined);
}

function claimOf(server: Server): HostClaim {
  server.on("error", () => undefined); // a connection that cannot be taken (no descriptors left) is no end of the agent
  const listeners = new Set<Socket>();
  let latest = "";
  server.on("connection", (socket) => {
    listeners.add(socket);
    socket.on("error", () => socket.destroy()).on("close", () => listeners.delete(socket));
    socket.resume();
    socket.write(latest);
  });
  return {
    publish: (status) => {
      latest = `${JSON.stringify(status)}\n`;
      for (const socket of listeners) {
        if (socket.writableLength > MAX_BACKLOG_BYTES) socket.destroy();
        else socket.write(latest);
      }
    },
    release: () => {
      server.close();
      for (const socket of listeners) socket.destroy();
    },
  };
}
