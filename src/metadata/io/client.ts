/**
 * Asks Rancher's metadata service over HTTP, by a GET or a long poll.
 *
 * A caller gets a complete answer within the deadline, or an AgentError. The server may hang, send byte by byte,
 * restart, or be another program. It labels every answer text/plain, so the content type is ignored.
 */
import { Agent } from "node:http";
import type { Readable } from "node:stream";
import axios, { type AxiosInstance } from "axios";
import type { Logger } from "pino";
import { AgentError } from "../../errors.ts";
import { parseVersion } from "../document.ts";

/** Pinned, because the meaning of `latest` changes with Rancher's release. */
const API_VERSION = "2016-07-29";
/** A larger answer is refused. A service with about 5,000 containers is this large. */
const MAX_BYTES = 8 * 1024 * 1024;
const MAX_WAIT_SECONDS = 30;
/** The server ends a poll up to 5 s after its maxWait, so a connection silent for 15 s after it is dead. */
const DEADLINES = { readMs: 10_000, pollSlackMs: 15_000 };
const ACCEPT = { json: "application/json", text: "text/plain" };

export interface MetadataClient {
  /**
   * The document at `path`, as parsed JSON or as text.
   *
   * @param path relative to the API version, with encoded segments.
   * @throws {AgentError} METADATA_UNREACHABLE, METADATA_NOT_FOUND, METADATA_MALFORMED. On abort, the signal's reason.
   */
  get(path: string, as?: "json" | "text"): Promise<unknown>;
  /**
   * Resolves with the new version once it differs from `version`. Resolves with `version` itself where nothing changes
   * within the wait, up to 5 s late.
   *
   * @param maxWaitSeconds whole seconds from 1 to 120. The default is 30.
   * @throws {AgentError} as `get`.
   */
  waitForChange(version: string, maxWaitSeconds?: number): Promise<string>;
}

export interface MetadataClientOptions {
  readonly url: string;
  readonly log: Logger;
  readonly signal: AbortSignal;
  /** Time for a complete answer: `readMs` to a GET, and `pollSlackMs` after the maxWait of a long poll. */
  readonly deadlines?: { readonly readMs: number; readonly pollSlackMs: number };
}

interface MetadataQuery {
  readonly path: string;
  readonly as: "json" | "text";
  readonly params?: Readonly<Record<string, string>>;
  readonly deadlineMs: number;
}

/** Opens a client of the service at `url`. Its connections close when the signal aborts. */
export function openMetadataClient(options: MetadataClientOptions): MetadataClient {
  const { readMs, pollSlackMs } = options.deadlines ?? DEADLINES;
  const http = openHttp(options);
  const ask = (query: MetadataQuery) => askOverFreshSocket(http, query, options);
  return {
    get: (path, as = "json") => ask({ path, as, deadlineMs: readMs }),
    async waitForChange(version, maxWaitSeconds = MAX_WAIT_SECONDS) {
      // the server waits only where `value` is given and `wait` is exactly this
      const params = { wait: "true", value: version, maxWait: String(maxWaitSeconds) };
      const deadlineMs = maxWaitSeconds * 1_000 + pollSlackMs;
      return parseVersion(await ask({ path: "version", as: "json", params, deadlineMs }));
    },
  };
}

function openHttp({ url, signal }: MetadataClientOptions): AxiosInstance {
  const agent = new Agent({ keepAlive: true, maxSockets: 4 });
  const close = () => agent.destroy();
  if (signal.aborted) close();
  signal.addEventListener("abort", close, { once: true });
  return axios.create({
    baseURL: `${url.replace(/\/+$/, "")}/${API_VERSION}/`,
    httpAgent: agent,
    proxy: false, // the address is link-local, so a proxy cannot reach it
    maxRedirects: 0,
    decompress: false,
    headers: { "Accept-Encoding": "identity" },
    responseType: "stream",
    validateStatus: null,
  });
}

/** Tries once more after a reset of a kept-alive connection, because a server that restarted resets them all. */
async function askOverFreshSocket(http: AxiosInstance, query: MetadataQuery, options: MetadataClientOptions) {
  try {
    return await ask(http, query, options);
  } catch (error) {
    if (!(error instanceof AgentError && isStaleSocket(error.cause))) throw error;
    return await ask(http, query, options);
  }
}

function isStaleSocket(error: unknown): boolean {
  return (
    axios.isAxiosError(error) &&
    ["ECONNRESET", "EPIPE"].includes(error.code ?? "") &&
    error.request?.reusedSocket === true
  );
}

async function ask(
  http: AxiosInstance,
  query: MetadataQuery,
  { log, signal }: MetadataClientOptions,
): Promise<unknown> {
  const { path, as, params, deadlineMs } = query;
  const startedMs = performance.now();
  const deadline = AbortSignal.timeout(deadlineMs);
  try {
    const answer = await http.get<Readable>(path, {
      headers: { Accept: ACCEPT[as] },
      ...(params && { params }),
      signal: AbortSignal.any([signal, deadline]),
    });
    const body = await readBody(answer.data, answer.headers["content-length"]);
    log.debug(
      { path, status: answer.status, bytes: body.length, durationMs: performance.now() - startedMs },
      "metadata answered",
    );
    return decode(answer.status, body, as);
  } catch (error) {
    signal.throwIfAborted();
    const problem = deadline.aborted ? `no complete answer within ${deadlineMs} ms` : reasonOf(error);
    const code = error instanceof AgentError ? error.code : "METADATA_UNREACHABLE";
    const { cause } = error instanceof AgentError ? error : { cause: error };
    throw new AgentError(code, `GET ${http.getUri({ url: path })}: ${problem}`, { cause });
  }
}

/** @param announcedBytes the header Content-Length: an answer that announces more than the limit is not read at all. */
async function readBody(stream: Readable, announcedBytes: unknown): Promise<Buffer> {
  if (Number(announcedBytes) > MAX_BYTES) {
    stream.destroy();
    throw tooLarge();
  }
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of stream) {
    bytes += chunk.length;
    if (bytes > MAX_BYTES) throw tooLarge();
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

function tooLarge(): AgentError {
  return new AgentError("METADATA_MALFORMED", `more than ${MAX_BYTES} bytes`);
}

function decode(status: number, body: Buffer, as: "json" | "text"): unknown {
  if (status === 404) throw new AgentError("METADATA_NOT_FOUND", "404 Not Found");
  if (status !== 200) throw new AgentError("METADATA_MALFORMED", `status ${status}`);
  try {
    const text = new TextDecoder("utf-8", { fatal: true }).decode(body);
    return as === "json" ? JSON.parse(text) : text;
  } catch (cause) {
    throw new AgentError("METADATA_MALFORMED", `not ${as === "json" ? "JSON" : "text"} in UTF-8`, { cause });
  }
}

function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message || String(error.cause ?? error.name) : String(error);
}
