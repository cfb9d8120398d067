/** Which processes hold the agent's socket, by the kernel's word where it can be asked. */
import { once } from "node:events";
import { connect, type Socket } from "node:net";
import { CLAIM_NAME, type Process } from "../holder.ts";
import { findHolders } from "./find-holders.ts";
import { type Peer, peerOf } from "./peer.ts";

/** A holder that closes its end does so at once. */
const CLOSE_TIMEOUT_MS = 300;

/** Connects once more, because the kernel tells it of a connection. Never rejects. */
export async function nameHolders(): Promise<Process[]> {
  return findHolders(CLAIM_NAME, await listener());
}

async function listener(): Promise<Peer | undefined> {
  const socket = connect(`\0${CLAIM_NAME}`);
  socket.on("error", () => undefined); // it may have ended just now
  try {
    await once(socket, "connect");
    return await peerOf(socket);
  } catch {
    return undefined;
  } finally {
    await leave(socket);
  }
}

/** Reads what the holder sends: a connection that is closed before is an error there, and may end that program. */
async function leave(socket: Socket): Promise<void> {
  socket.resume().end();
  const closed = { signal: AbortSignal.timeout(CLOSE_TIMEOUT_MS) };
  if (!socket.closed) await once(socket, "close", closed).catch(() => undefined);
  socket.destroy();
}
