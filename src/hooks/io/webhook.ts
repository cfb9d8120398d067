/** NOTIFY_URL: an HTTP endpoint that is told something. */
import axios, { isAxiosError } from "axios";

export interface WebhookCall {
  readonly url: string;
  /** JSON. */
  readonly body: string;
  readonly timeoutMs: number;
  readonly signal: AbortSignal;
}

/**
 * POSTs the body.
 *
 * @returns why it was not taken, without the URL, which may hold a secret; undefined for a status of 200-299. Throws only
 *   where the signal aborts: its reason.
 */
export async function callWebhook({
  url,
  body,
  timeoutMs,
  signal,
}: WebhookCall): Promise<string | undefined> {
  try {
    await axios.post(url, body, {
      headers: { "Content-Type": "application/json" },
      maxContentLength: 1_000_000,
      maxRedirects: 0,
      proxy: false,
      // also for a server that answers drop by drop: `timeout` alone begins anew with each
      signal: AbortSignal.any([signal, AbortSignal.timeout(timeoutMs)]),
      transitional: { clarifyTimeoutError: true },
    });
    return undefined;
  } catch (error) {
    signal.throwIfAborted();
    if (!isAxiosError(error)) throw error;
    if (error.response !== undefined) return `status ${error.response.status}`;
    return error.code === "ERR_CANCELED" ? `no answer within ${timeoutMs} ms` : (error.code ?? "no answer");
  }
}
