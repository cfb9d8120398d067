/**
 * A stand-in for Rancher's metadata service, for tests and the demo.
 *
 * Like the real service it has long polls, errors with the same texts, and a new version and order of lists at each reload.
 * Where the two differ, by 1,421 requests to both: an empty `environments` or `links` is null, so it has no slash in a
 * listing and no brackets in YAML; YAML of odd texts (several lines, U+2028, `0o17`) is written differently; integers above
 * 2^53 are rounded; a removed answers file leaves the earlier answers; an encoded slash or `..` in a path is not resolved;
 * an unknown method, HTTP/1.0 and two Host headers are answered as Node does.
 *
 * The pure files of this domain choose the answers. This file owns the socket; answers-file.ts owns the file and the long
 * polls.
 */
import { once } from "node:events";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import type { Logger } from "pino";
import { AgentError } from "../../errors.ts";
import { negotiateFormat } from "../accept.ts";
import { renderError, renderValue } from "../format.ts";
import { versionPaths } from "../lookup.ts";
import { parseRequest } from "../request.ts";
import { CurrentAnswers, loadFirstAnswers, watchAnswers } from "./answers-file.ts";

/** A long poll checks its time only when it is woken, as in the real server. */
const WAKE_INTERVAL_MS = 5_000;
/** Longer bodies are sent in chunks without Content-Length, as Go does. */
const LONGEST_UNCHUNKED_BYTES = 2_048;
/** A longer path or header is refused, as Go does. */
const MAX_HEADER_BYTES = 1_048_576;

interface MetadataServerOptions {
  readonly answersFile: string;
  readonly host: string;
  /** 0 means any free port. */
  readonly port: number;
  readonly log: Logger;
  readonly signal: AbortSignal;
}

/**
 * Serves the answers of `answersFile` until `signal` aborts, and reads the file again when it changes or appears.
 * If the file is broken or missing by then, it logs that and keeps the former answers.
 *
 * @returns The address that it listens on, and `closed`, which resolves when every socket is closed.
 * @throws {AgentError} ANSWERS_INVALID if the file is broken at the start, LISTEN_FAILED if it cannot listen. An AbortError if `signal` aborts before it listens.
 */
export async function openMetadataServer(
  options: MetadataServerOptions,
): Promise<{ host: string; port: number; closed: Promise<void> }> {
  const { log, signal } = options;
  signal.throwIfAborted();
  const current = new CurrentAnswers();
  const server = createMetadataServer(current, log);
  const watcher = watchAnswers(current, options);
  try {
    await once(watcher, "ready", { signal });
    loadFirstAnswers(current, options);
    server.listen({ host: options.host, port: options.port });
    await once(server, "listening", { signal });
  } catch (cause) {
    server.close();
    await watcher.close();
    if (signal.aborted || cause instanceof AgentError) throw cause;
    const message = `cannot listen on ${options.host}:${options.port}`;
    throw new AgentError("LISTEN_FAILED", message, { cause });
  }
  server.on("error", (err) => log.error({ err }, "connection not accepted"));
  const wakeTimer = setInterval(() => current.wake(), WAKE_INTERVAL_MS);
  const closed = once(server, "close").then(() => watcher.close());
  const stop = () => {
    clearInterval(wakeTimer);
    server.close();
    server.closeAllConnections();
  };
  signal.addEventListener("abort", stop, { once: true });

  const { address, port } = server.address() as AddressInfo;
  log.info({ host: address, port }, "metadata server listened");
  return { host: address, port, closed };
}

function createMetadataServer(current: CurrentAnswers, log: Logger): Server {
  const server = createServer({ maxHeaderSize: MAX_HEADER_BYTES }, (request, response) => {
    log.debug(
      { client: sourceAddress(request), method: request.method, url: request.url },
      "request received",
    );
    respond(current, request, response).catch((err) => {
      if (response.closed) return; // the client left before its answer
      log.error({ err, url: request.url }, "request failed");
      response.destroy();
    });
  });
  server.keepAliveTimeout = 0; // the real server never closes an idle connection
  return server;
}

async function respond(current: CurrentAnswers, request: IncomingMessage, response: ServerResponse) {
  const parsed = parseRequest(request.method ?? "", request.url ?? "");
  const format = negotiateFormat(request.headers.accept);
  const succeed = (value: unknown) => send(response, 200, renderValue(value, format));
  const fail = (message: string) => send(response, 404, renderError(404, message, format));

  if (parsed.kind === "malformed") return send(response, 400, "400 Bad Request");
  if (parsed.kind === "unsupported") return send(response, 404, "404 page not found\n");
  if (parsed.kind === "redirect") return send(response.setHeader("Location", parsed.location), 301, "");
  response.setHeader("Access-Control-Allow-Origin", "*");
  if (parsed.kind === "versions") return succeed(versionPaths(current.all));

  const isKnown = parsed.version === "latest" || current.all.has(parsed.version);
  if (!isKnown) return fail("Invalid version");
  const disconnected = new AbortController();
  response.once("close", () => disconnected.abort());
  const found = await current.find(parsed, sourceAddress(request), disconnected.signal);
  if (found === "below-null") {
    response.destroy();
    return;
  }
  return found === undefined ? fail("Not found") : succeed(found.value);
}

/** An IPv4 client of a dual-stack socket is known by its IPv4 address. */
function sourceAddress({ socket }: IncomingMessage): string {
  return (socket.remoteAddress ?? "").replace(/^::ffff:(?=\d+\.)/, "");
}

/** Declares every body as text, also JSON and errors, because Go guesses the type from the content. */
function send(response: ServerResponse, status: number, body: string): void {
  response.statusCode = status;
  response.setHeader("Content-Type", "text/plain; charset=utf-8");
  if (status >= 400) response.setHeader("X-Content-Type-Options", "nosniff");
  const length = Buffer.byteLength(body);
  if (length > LONGEST_UNCHUNKED_BYTES) response.flushHeaders();
  else response.setHeader("Content-Length", length);
  response.end(body);
}
