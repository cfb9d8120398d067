/** Reads what the holder of the agent's socket says, once it is certain that a trusted user holds it. */
import { once } from "node:events";
import { connect, type Socket } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { AgentError } from "../../errors.ts";
import { CLAIM_NAME, isTrustedUser, untrustedHolderError } from "../holder.ts";
import { streamOpeners } from "./stream-openers.ts";

/** A connection that ends while `/proc` is read looks like one whose holder is invisible. */
const OPENER_ATTEMPTS = 3;
const OPENER_PAUSE_MS = 50;
/** Somebody holds the socket: an agent that is frozen, or one that is starved. */
const NO_ANSWER_HINT =
  "An agent holds the socket and does not answer. Is its container paused (`docker ps`), or the host overloaded (`uptime`)? Else run `docker restart CONTAINER`; its VIPs move.";

/**
 * The status of the agent that runs on this host, and each later one.
 *
 * @throws {AgentError} AGENT_UNREACHABLE if there is no answer in time; CLAIM_TAKEN if the holder's user does not run
 * agents, or is unknown: then nothing that it says is read.
 */
export async function* readStatus(timeoutMs: number, signal: AbortSignal): AsyncGenerator<unknown> {
  const socket = connect(`\0${CLAIM_NAME}`);
  let isTooLate = false;
  const timer = setTimeout(() => {
    isTooLate = true;
    socket.destroy(new Error(`no answer within ${timeoutMs} ms`));
  }, timeoutMs);
  const stop = () => socket.destroy();
  signal.addEventListener("abort", stop, { once: true });
  socket.on("error", () => undefined); // the iteration below throws it
  let pending = "";
  try {
    await once(socket, "connect", { signal });
    if (!(await isOpenedByTrusted(socket))) await refuseUntrusted(socket);
    for await (const chunk of socket.setEncoding("utf8")) {
      const lines = (pending + chunk).split("\n");
      pending = lines.pop() ?? "";
      if (lines.length > 0) clearTimeout(timer);
      for (const line of lines) yield JSON.parse(line);
    }
  } catch (error) {
    if (error instanceof AgentError) throw error;
    throw new AgentError("AGENT_UNREACHABLE", "no agent answers in this host network", {
      cause: error,
      ...(isTooLate ? { hint: NO_ANSWER_HINT } : {}),
    });
  } finally {
    clearTimeout(timer);
    signal.removeEventListener("abort", stop);
    socket.destroy();
  }
}

/**
 * Whether a trusted user opened each socket that this connection may lead to. Its other end is among them: it is open after the
 * table of sockets was read, so its own row was in it, or that of the socket that has not accepted it yet.
 */
async function isOpenedByTrusted(socket: Socket): Promise<boolean> {
  const users = streamOpeners(CLAIM_NAME);
  return users.length > 0 && users.every((user) => isTrusted(user)) && (await isOpen(socket));
}

function isTrusted(user: number | undefined): boolean {
  return isTrustedUser(user, process.geteuid?.());
}

/** Whether the other end is open: a write of no bytes fails where it is closed, and the other end notices nothing. */
function isOpen(socket: Socket): Promise<boolean> {
  return new Promise((resolve) => {
    socket.write("", (error) => resolve(error === null || error === undefined));
  });
}

/**
 * Asks the kernel about the connection itself. What only this way needs is loaded here.
 *
 * @throws {AgentError} CLAIM_TAKEN
 * @throws {Error} if the connection has ended: then nobody can tell who held it
 */
async function refuseUntrusted(socket: Socket): Promise<void> {
  if (socket.destroyed) throw new Error("the connection ended before its holder was known");
  const { peerOf } = await import("./peer.ts");
  const { findHolders } = await import("./find-holders.ts");
  const peer = await peerOf(socket);
  const user = peer?.user ?? (await visibleOpener(socket));
  if (!isTrusted(user)) throw untrustedHolderError(await findHolders(CLAIM_NAME, peer), user);
}

/**
 * The user who opened the agent's socket, if Perl did not find it. Undefined where the holder is not visible from here, or its
 * rows may have been made up.
 */
async function visibleOpener(socket: Socket): Promise<number | undefined> {
  const { findOpener } = await import("./find-holders.ts");
  for (let attempt = 1; ; attempt += 1) {
    const user = await findOpener(CLAIM_NAME);
    if (user !== undefined) return !isTrusted(user) || (await isOpen(socket)) ? user : undefined;
    if (attempt === OPENER_ATTEMPTS) return undefined;
    await sleep(OPENER_PAUSE_MS);
  }
}
