/** CHECK_TCP: whether a connection is accepted; it is closed again without a byte. */
import { once } from "node:events";
import { connect, isIP, type Socket } from "node:net";
import type { Endpoint } from "../../settings/value-network.ts";
import { type ConnectionAttempt, concludeProbe, judgeConnectionError } from "../connection-outcome.ts";
import type { ProbeOutcome } from "../probe-outcome.ts";

export interface TcpProbeOptions extends Endpoint {
  /** For all the connections of a look. */
  readonly timeoutMs: number;
  readonly signal: AbortSignal;
}

/** Throws only where the signal aborts: its reason. */
export async function probeTcp({ host, port, timeoutMs, signal }: TcpProbeOptions): Promise<ProbeOutcome> {
  signal.throwIfAborted();
  const deadline = AbortSignal.timeout(timeoutMs);
  const over = AbortSignal.any([signal, deadline]);
  for (let count = 1; ; count++) {
    const attempt = await knock({ host, port }, over);
    signal.throwIfAborted();
    const outcome = concludeProbe({ ...attempt, count, isLate: deadline.aborted, timeoutMs });
    if (outcome !== undefined) return outcome;
  }
}

async function knock(
  endpoint: Endpoint,
  signal: AbortSignal,
): Promise<Pick<ConnectionAttempt, "outcome" | "isResolving">> {
  const socket = connect({ ...endpoint });
  let isResolving = isIP(endpoint.host) === 0;
  socket.once("lookup", () => {
    isResolving = false;
  });
  try {
    await once(socket, "connect", { signal });
    return { outcome: judgeConnection(socket), isResolving };
  } catch (error) {
    return { outcome: judgeConnectionError(error), isResolving };
  } finally {
    socket.on("error", () => undefined).destroy(); // it may still fail after an abort
  }
}

function judgeConnection({ localAddress, localPort, remoteAddress, remotePort }: Socket): ProbeOutcome {
  // Where nobody listens on a port of the range that clients draw theirs from, Linux may connect a socket to itself.
  const isOwnEcho = localPort === remotePort && localAddress === remoteAddress;
  return isOwnEcho
    ? { sample: "unhealthy", reason: "connection refused" }
    : { sample: "healthy", reason: "connection accepted" };
}
