/**
 * CHECK_HTTP: one GET a look, over a connection of its own, so that it is the listener that is asked.
 *
 * Only the status line counts. A redirect is an answer and is not followed, and certificates are not verified: the
 * question is whether the service answers, often at an address that no certificate names.
 */
import { Agent } from "node:http";
import { Agent as TlsAgent } from "node:https";
import type { Readable } from "node:stream";
import axios from "axios";
import { type CheckOutcome, judgeConnectionError, quoteOthers, timedOut } from "../core/check-outcome.ts";
import type { HttpProbe } from "../core/value-http-probe.ts";

/** A bad answer is asked again this often: one failure in three must not move a VIP. */
const REPEATS = 2;
/** A body up to this size is read to its end: servers log an aborted request as an error of the client. */
const MAX_BODY_BYTES = 64 * 1024;

export interface HttpCheck extends HttpProbe {
  /** For all the answers to a look. */
  readonly timeoutMs: number;
  readonly signal: AbortSignal;
}

const http = axios.create({
  httpAgent: new Agent({ keepAlive: false }),
  httpsAgent: new TlsAgent({ keepAlive: false, rejectUnauthorized: false }),
  proxy: false, // it is this host that is asked about, whatever http_proxy says
  maxRedirects: 0,
  decompress: false,
  headers: { Accept: "*/*", "Accept-Encoding": "identity", "User-Agent": "rancher-keepalived" },
  responseType: "stream",
  validateStatus: null,
});

/** Throws only where the signal aborts: its reason. */
export async function checkHttp({ timeoutMs, signal, ...probe }: HttpCheck): Promise<CheckOutcome> {
  signal.throwIfAborted();
  const deadline = AbortSignal.timeout(timeoutMs);
  const over = AbortSignal.any([signal, deadline]);
  for (let repeats = 0; ; repeats++) {
    const outcome = await ask(probe, over);
    signal.throwIfAborted();
    if (outcome.sample === "healthy") return outcome;
    if (deadline.aborted) return timedOut(timeoutMs);
    if (outcome.sample === "unknown" || repeats === REPEATS) return outcome;
  }
}

async function ask({ url, statuses, hostHeader }: HttpProbe, signal: AbortSignal): Promise<CheckOutcome> {
  const [lowest, highest] = statuses;
  const headers = hostHeader === undefined ? {} : { Host: hostHeader };
  try {
    const { status, statusText, data } = await http.get<Readable>(url, { signal, headers });
    await drain(data);
    return status >= lowest && status <= highest
      ? { sample: "healthy", reason: quoteOthers(`${status} ${statusText}`) }
      : { sample: "unhealthy", reason: `status ${status}, expected ${lowest}-${highest}` };
  } catch (error) {
    return judgeConnectionError(error);
  }
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
