/**
 * A stand-in for Rancher's metadata service, for tests and the demo.
 *
 * A client cannot tell it from the real one: it answers, waits, redraws its version and shuffles its lists alike.
 * The pure files beside io/ decide what is answered. This file has the socket, answers-file.ts the watched file and the long polls.
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
import { CurrentAnswers, watchAnswers } from "./answers-file.ts";

/** Long polls check their time only when they are woken, as those of the real server do. */
const WAKE_INTERVAL_MS = 5_000;
/** Go sends longer bodies in chunks, without Content-Length. */
const LONGEST_UNCHUNKED_BYTES = 2_048;

interface MetadataServerOptions {
  readonly answersFile: string;
  readonly host: string;
  /** 0: any free port. */
  readonly port: number;
  readonly log: Logger;
  readonly signal: AbortSignal;
}

/**
 * Serves the answers of `answersFile` until `signal` aborts, and reads the file again whenever it changes or
 * appears. A broken or missing file is logged, and the answers before it stay.
 *
 * @returns Where it listens, and `closed`, which settles when every socket is gone.
 * @throws {AgentError} LISTEN_FAILED, where it cannot listen; and an AbortError where `signal` aborts before it listens.
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
    server.listen({ host: options.host, port: options.port });
    await once(server, "listening", { signal });
  } catch (cause) {
    server.close();
    await watcher.close();
    if (signal.aborted) throw cause;
    const message = `cannot listen on ${options.host}:${options.port}`;
    throw new AgentError("LISTEN_FAILED", message, { cause });
  }
  server.on("error", (err) => log.error({ err }, "connection not accepted"));
  const wakes = setInterval(() => current.wake(), WAKE_INTERVAL_MS);
  const closed = once(server, "close").then(() => watcher.close());
  const stop = () => {
    clearInterval(wakes);
    server.close();
    server.closeAllConnections();
  };
  signal.addEventListener("abort", stop, { once: true });

  const { address, port } = server.address() as AddressInfo;
  log.info({ host: address, port }, "metadata server listened");
  return { host: address, port, closed };
}

function createMetadataServer(current: CurrentAnswers, log: Logger): Server {
  const server = createServer((request, response) => {
    log.debug(
      { client: sourceAddress(request), method: request.method, url: request.url },
      "request received",
    );
    respond(current, request, response).catch((err) => {
      if (response.closed) return; // the client did not stay for its answer
      log.error({ err, url: request.url }, "request failed");
      response.destroy();
    });
  });
  server.keepAliveTimeout = 0; // the real server never closes an idle connection
  return server;
}

async function respond(current: CurrentAnswers, request: IncomingMessage, response: ServerResponse) {
  const asked = parseRequest(request.method ?? "", request.url ?? "");
  const format = negotiateFormat(request.headers.accept);
  const succeed = (value: unknown) => send(response, 200, renderValue(value, format));
  const fail = (message: string) => send(response, 404, renderError(404, message, format));

  if (asked.kind === "malformed") return send(response, 400, "400 Bad Request");
  if (asked.kind === "unserved") return send(response, 404, "404 page not found\n");
  if (asked.kind === "moved") return send(response.setHeader("Location", asked.location), 301, "");
  if (asked.kind === "versions") return succeed(versionPaths(current.all));

  const isKnown = asked.version === "latest" || current.all.has(asked.version);
  if (!isKnown) return fail("Invalid version");
  const left = new AbortController();
  response.once("close", () => left.abort());
  const found = await current.find(asked, sourceAddress(request), left.signal);
  return found === undefined ? fail("Not found") : succeed(found.value);
}

/** IPv4 clients of a socket that listens on IPv6 too are known by their IPv4 address. */
function sourceAddress({ socket }: IncomingMessage): string {
  return (socket.remoteAddress ?? "").replace(/^::ffff:(?=\d+\.)/, "");
}

/** Everything is declared as text, JSON and errors too, just as Go's sniffing has it. */
function send(response: ServerResponse, status: number, body: string): void {
  response.statusCode = status;
  response.setHeader("Access-Control-Allow-Origin", "*");
  response.setHeader("Content-Type", "text/plain; charset=utf-8");
  if (status >= 400) response.setHeader("X-Content-Type-Options", "nosniff");
  const length = Buffer.byteLength(body);
  if (length > LONGEST_UNCHUNKED_BYTES) response.flushHeaders();
  else response.setHeader("Content-Length", length);
  response.end(body);
}
