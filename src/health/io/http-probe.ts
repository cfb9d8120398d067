/**
 * CHECK_HTTP: one GET a look, over a connection of its own, so that it is the listener that is asked.
 *
 * Only the status line counts. A redirect is an answer and is not followed, and certificates are not verified: the
 * question is whether the service answers, often at an address that no certificate names.
 */
import { lookup } from "node:dns/promises";
import { Agent } from "node:http";
import https from "node:https";
import type { Readable } from "node:stream";
import axios, { type AxiosInstance, type LookupAddress } from "axios";
import type { HttpProbe } from "../../settings/value-http-probe.ts";
import { printableLine } from "../../text/escape.ts";
import { type ConnectionAttempt, concludeProbe, judgeConnectionError } from "../connection-outcome.ts";
import type { ProbeOutcome } from "../probe-outcome.ts";

/** A body up to this size is read to its end: servers log an aborted request as an error of the client. */
const MAX_BODY_BYTES = 64 * 1024;

export interface HttpProbeOptions extends HttpProbe {
  /** For all the answers to a look. */
  readonly timeoutMs: number;
  readonly signal: AbortSignal;
}

/** Made for the first look: TLS takes 5 MB, and most hosts have no such check. */
let http: AxiosInstance | undefined;

function openHttp(): AxiosInstance {
  return axios.create({
    httpAgent: new Agent({ keepAlive: false }),
    httpsAgent: new https.Agent({ keepAlive: false, rejectUnauthorized: false }),
    proxy: false, // it is this host that is asked about, whatever http_proxy says
    maxRedirects: 0,
    decompress: false,
    headers: { Accept: "*/*", "Accept-Encoding": "identity", "User-Agent": "rancher-keepalived" },
    responseType: "stream",
    validateStatus: null,
  });
}

/** Throws only where the signal aborts: its reason. */
export async function probeHttp({ timeoutMs, signal, ...probe }: HttpProbeOptions): Promise<ProbeOutcome> {
  signal.throwIfAborted();
  const deadline = AbortSignal.timeout(timeoutMs);
  const over = AbortSignal.any([signal, deadline]);
  for (let count = 1; ; count++) {
    const attempt = await ask(probe, over);
    signal.throwIfAborted();
    const outcome = concludeProbe({ ...attempt, count, isLate: deadline.aborted, timeoutMs });
    if (outcome !== undefined) return outcome;
  }
}

async function ask(
  { url, hostHeader, ...probe }: HttpProbe,
  signal: AbortSignal,
): Promise<Pick<ConnectionAttempt, "outcome" | "isResolving">> {
  const headers = hostHeader === undefined ? {} : { Host: hostHeader };
  http ??= openHttp();
  let isResolving = false;
  /** Called for names only. */
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

function judgeStatus(status: number, words: string, { statuses }: Pick<HttpProbe, "statuses">): ProbeOutcome {
  const [lowest, highest] = statuses;
  return status >= lowest && status <= highest
    ? { sample: "healthy", reason: printableLine(`${status} ${words}`) }
    : { sample: "unhealthy", reason: `status ${status}, expected ${lowest}-${highest}` };
}

/** Reads a body and forgets it. One that is too long, too slow or cut short is given up. */
async function drain(body: Readable): Promise<void> {
  let bytes = 0;
  try {
    for await (const chunk of body) {
      bytes += chunk.length;
      if (bytes > MAX_BODY_BYTES) return; // which closes the connection
    }
  } catch {
    // The status line has come, and it is all that counts.
  }
}
