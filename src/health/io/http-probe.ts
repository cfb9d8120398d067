/**
 * CHECK_HTTP: one GET over a new connection, so that each probe also tests the listener.
 *
 * Only the status line counts. A redirect is an answer and is not followed. Certificates are not verified: the question
 * is whether the service answers, and often no certificate names the address that is asked.
 */
import { lookup } from "node:dns/promises";
import { Agent } from "node:http";
import https from "node:https";
import type { Readable } from "node:stream";
import axios, { type AxiosInstance, type LookupAddress } from "axios";
import type { HttpProbe } from "../../settings/value-http-probe.ts";
import { printableLine } from "../../text/escape.ts";
import { type ConnectionAttempt, judgeConnectionError } from "../connection-outcome.ts";
import type { ProbeOutcome } from "../probe-outcome.ts";
import { type AttemptOptions, probeByAttempts } from "./connection-attempts.ts";

/** A body up to this size is read to its end: servers log an aborted request as an error of the client. */
const MAX_BODY_BYTES = 64 * 1024;

export type HttpProbeOptions = HttpProbe & AttemptOptions;

/** Made by the first probe, because TLS takes 5 MB and most hosts have no such check. */
let http: AxiosInstance | undefined;

function createHttp(): AxiosInstance {
  return axios.create({
    httpAgent: new Agent({ keepAlive: false }),
    httpsAgent: new https.Agent({ keepAlive: false, rejectUnauthorized: false }),
    proxy: false, // the probe is about this host, also where http_proxy is set
    maxRedirects: 0,
    decompress: false,
    headers: { Accept: "*/*", "Accept-Encoding": "identity", "User-Agent": "rancher-keepalived" },
    responseType: "stream",
    validateStatus: null,
  });
}

/** @throws the reason of the signal if that aborts, and nothing else. */
export async function probeHttp({ timeoutMs, signal, ...probe }: HttpProbeOptions): Promise<ProbeOutcome> {
  return probeByAttempts((attemptSignal) => requestOnce(probe, attemptSignal), { timeoutMs, signal });
}

async function requestOnce(
  { url, hostHeader, ...probe }: HttpProbe,
  signal: AbortSignal,
): Promise<Pick<ConnectionAttempt, "outcome" | "isResolving">> {
  const headers = hostHeader === undefined ? {} : { Host: hostHeader };
  http ??= createHttp();
  let isResolving = false;
  /** Called only if the URL has a host name. */
  const resolve = async (name: string): Promise<[LookupAddress[]]> => {
    isResolving = true;
    try {
      const found = await lookup(name, { all: true });
      return [found.map(({ address, family }) => ({ address, family: family === 6 ? 6 : 4 }))];
    } finally {
      isResolving = false;
    }
  };
  try {
    const { status, statusText, data } = await http.get<Readable>(url, { signal, headers, lookup: resolve });
    await drain(data);
    return { outcome: judgeStatus(status, statusText, probe), isResolving };
  } catch (error) {
    return { outcome: judgeConnectionError(error), isResolving };
  }
}

function judgeStatus(
  status: number,
  statusText: string,
  { statuses }: Pick<HttpProbe, "statuses">,
): ProbeOutcome {
  const [lowest, highest] = statuses;
  return status >= lowest && status <= highest
    ? { sample: "healthy", reason: printableLine(`${status} ${statusText}`) }
    : { sample: "unhealthy", reason: `status ${status}, expected ${lowest}-${highest}` };
}

/** Reads a body and discards it. A body that is too long, too slow or cut short is not read further. */
async function drain(body: Readable): Promise<void> {
  let bytes = 0;
  try {
    for await (const chunk of body) {
      bytes += chunk.length;
      if (bytes > MAX_BODY_BYTES) return; // this closes the connection
    }
  } catch {
    // The status line has arrived, and only that counts.
  }
}
