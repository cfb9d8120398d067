/** CHECK_TCP: whether a connection is accepted. It is closed again without a byte. */
import { once } from "node:events";
import { connect, isIP, type Socket } from "node:net";
import type { Endpoint } from "../../settings/value-network.ts";
import { type ConnectionAttempt, judgeConnectionError } from "../connection-outcome.ts";
import type { ProbeOutcome } from "../probe-outcome.ts";
import { type AttemptOptions, probeByAttempts } from "./connection-attempts.ts";

export type TcpProbeOptions = Endpoint & AttemptOptions;

/** @throws the reason of the signal if that aborts, and nothing else. */
export async function probeTcp({ host, port, ...options }: TcpProbeOptions): Promise<ProbeOutcome> {
  return probeByAttempts((signal) => connectOnce({ host, port }, signal), options);
}

async function connectOnce(
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
  // Linux may connect a socket to itself, if the port is in the range for clients and has no listener.
  const isConnectedToItself = localPort === remotePort && localAddress === remoteAddress;
  return isConnectedToItself
    ? { sample: "unhealthy", reason: "connection refused" }
    : { sample: "healthy", reason: "connection accepted" };
}
