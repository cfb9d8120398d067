/** NOTIFY_URL: an HTTP endpoint that gets each notification. */

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
 * @returns why it failed, without the URL, which may hold a secret; undefined for a status of 200-299.
 * @throws the reason of the signal, only where it aborts.
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
      decompress: false,
      maxRedirects: 0,
      proxy: false,
      // limits the whole call; the option `timeout` restarts with each byte of a slow answer
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
