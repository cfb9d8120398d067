/** CHECK_TCP: whether a connection is accepted; it is closed again without a byte. */
import { once } from "node:events";
import { connect } from "node:net";
import { type CheckOutcome, judgeConnectionError, timedOut } from "../core/check-outcome.ts";
import type { Endpoint } from "../core/value-network.ts";

/** A refusal is asked about again this often: one failure in three must not move a VIP. */
const REPEATS = 2;

export interface TcpCheck extends Endpoint {
  /** For all the connections of a look. */
  readonly timeoutMs: number;
  readonly signal: AbortSignal;
}

/** Throws only where the signal aborts: its reason. */
export async function checkTcp({ host, port, timeoutMs, signal }: TcpCheck): Promise<CheckOutcome> {
  signal.throwIfAborted();
  const deadline = AbortSignal.timeout(timeoutMs);
  const over = AbortSignal.any([signal, deadline]);
  for (let repeats = 0; ; repeats++) {
    const outcome = await knock({ host, port }, over);
    signal.throwIfAborted();
    if (outcome.sample === "healthy") return outcome;
    if (deadline.aborted) return timedOut(timeoutMs);
    if (outcome.sample === "unknown" || repeats === REPEATS) return outcome;
  }
}

async function knock(endpoint: Endpoint, signal: AbortSignal): Promise<CheckOutcome> {
  const socket = connect({ ...endpoint });
  try {
    await once(socket, "connect", { signal });
    // Where nobody listens on a port of the range that clients draw theirs from, Linux may connect a socket to itself.
    const isOwnEcho = socket.localPort === socket.remotePort && socket.localAddress === socket.remoteAddress;
    return isOwnEcho
      ? { sample: "unhealthy", reason: "connection refused" }
      : { sample: "healthy", reason: "connection accepted" };
  } catch (error) {
    return judgeConnectionError(error);
  } finally {
    socket.on("error", () => undefined).destroy(); // it may still fail after an abort
  }
}
