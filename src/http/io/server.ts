/**
 * The agent's HTTP server: one port, small limits, and an answer for each request by somebody else's decision.
 *
 * Whatever goes wrong here is told and tried again, and never reaches the rest of the agent.
 */

import { createServer, type Server, type ServerResponse } from "node:http";
import type { AddressInfo, Socket } from "node:net";
import type { Logger } from "pino";
import { AgentError } from "../../errors.ts";
import { endpointText } from "../../network/address.ts";
import type { Answer } from "../answer.ts";

const MAX_CONNECTIONS = 100;
const MAX_HEADER_BYTES = 8_192;
/** A client that takes longer for its headers, or for the whole of its request, is cut off, ms. */
const HEADERS_MS = 5_000;
const REQUEST_MS = 10_000;
/** How often slow requests are looked for, ms. */
const SWEEP_MS = 5_000;
/** An idle connection is closed after this time, ms; also one that does not take its answer. */
const KEEP_ALIVE_MS = 10_000;
const SILENT_MS = 30_000;
/** A port that is taken, or an address that is not there, is tried again after this time, ms. */
const RETRY_MS = 5_000;

/** Every answer has them: nothing is kept, guessed, framed, or told to another site. */
const COMMON_HEADERS = {
  "Cache-Control": "no-store",
  "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
  "Cross-Origin-Resource-Policy": "same-origin",
  "Referrer-Policy": "no-referrer",
  "X-Content-Type-Options": "nosniff",
};

/** An answer that goes on: the function gets the response, and ends it. */
export interface Stream {
  readonly start: (response: ServerResponse) => void;
}

/** What matters of a request. */
export interface HttpRequest {
  readonly method: string;
  /** As it was sent: most often a path and a query. */
  readonly target: string;
  /** The header, as it was sent. */
  readonly host: string | undefined;
}

export interface HttpServerOptions {
  readonly host: string;
  /** 0: any free port. */
  readonly port: number;
  readonly respond: (request: HttpRequest) => Promise<Answer | Stream>;
  readonly onListen: (address: AddressInfo) => void;
  /** LISTEN_FAILED: it does not listen now; it is tried again. */
  readonly onTrouble: (error: AgentError) => void;
  /** Time between two tries to listen, ms. */
  readonly retryMs?: number;
  readonly log: Logger;
  readonly signal: AbortSignal;
}

/** Serves until the signal aborts; then every connection is cut. */
export function openHttpServer(options: HttpServerOptions): void {
  const { host, port, log, signal, retryMs = RETRY_MS } = options;
  const server = createLimitedServer(options);
  let again: NodeJS.Timeout | undefined;
  const listen = () => {
    server.listen({ host, port });
  };
  server.on("listening", () => options.onListen(server.address() as AddressInfo));
  server.on("error", (cause) => {
    // a connection that cannot be taken (no descriptors left) is no end of the others
    if (server.listening) return log.warn({ err: cause }, "connection was not taken");
    const where = endpointText(host, port);
    options.onTrouble(new AgentError("LISTEN_FAILED", `cannot listen on ${where}`, { cause }));
    again = setTimeout(listen, retryMs);
  });
  const stop = () => {
    clearTimeout(again);
    server.close();
    server.closeAllConnections();
  };
  if (signal.aborted) return;
  signal.addEventListener("abort", stop, { once: true });
  listen();
}

function createLimitedServer({ respond, log }: HttpServerOptions): Server {
  const limits = {
    maxHeaderSize: MAX_HEADER_BYTES,
    headersTimeout: HEADERS_MS,
    requestTimeout: REQUEST_MS,
    connectionsCheckingInterval: SWEEP_MS,
    keepAliveTimeout: KEEP_ALIVE_MS,
  };
  const busy = new WeakSet<Socket>();
  const server = createServer(limits, (request, response) => {
    // no client of ours asks before it has its answer, and Node would make thousands of them at once
    if (busy.has(request.socket)) return void request.socket.destroy();
    busy.add(request.socket);
    response.once("close", () => busy.delete(request.socket));
    const { method = "", url: target = "" } = request;
    // a body is of no use to anybody, and waiting for its end is what a slow client wants
    if (request.headers["content-length"] ?? request.headers["transfer-encoding"]) {
      response.shouldKeepAlive = false;
    }
    respond({ method, target, host: request.headers.host }).then(
      (answer) => ("start" in answer ? answer.start(prepared(response)) : send(answer, method, response)),
      (err: unknown) => {
        log.error({ err, target }, "request failed");
        response.destroy();
      },
    );
  });
  server.maxConnections = MAX_CONNECTIONS;
  server.setTimeout(SILENT_MS);
  return server;
}

function send({ status, headers, body }: Answer, method: string, response: ServerResponse): void {
  const length = { "Content-Length": Buffer.byteLength(body) };
  prepared(response).writeHead(status, { ...length, ...headers });
  response.end(method === "HEAD" ? undefined : body);
}

function prepared(response: ServerResponse): ServerResponse {
  for (const [name, value] of Object.entries(COMMON_HEADERS)) response.setHeader(name, value);
  return response;
}
