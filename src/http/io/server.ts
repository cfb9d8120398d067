/**
 * The agent's HTTP server: one port, small limits, and answers from a callback.
 *
 * Every failure is reported and retried here, and never affects the rest of the agent.
 */

import { createServer, type Server, type ServerResponse } from "node:http";
import type { AddressInfo, Socket } from "node:net";
import type { Logger } from "pino";
import { AgentError } from "../../errors.ts";
import { endpointText } from "../../network/address.ts";
import type { Answer } from "../answer.ts";

const MAX_CONNECTIONS = 100;
const MAX_HEADER_BYTES = 8_192;
/** A client that takes longer to send its headers, or its whole request, is disconnected. */
const HEADERS_TIMEOUT_MS = 5_000;
const REQUEST_TIMEOUT_MS = 10_000;
/** Slow requests are looked for this often. */
const TIMEOUT_CHECK_MS = 5_000;
/** An idle connection between two requests is closed after this time. */
const KEEP_ALIVE_MS = 10_000;
/** A connection without any traffic is closed after this time: its client does not read the answer. */
const IDLE_MS = 30_000;
/** Pause before it tries to listen again, where the port is taken or the address is missing. */
const RETRY_MS = 5_000;

/** Sent with every answer: browsers must not cache it, guess its type, frame it, or show it to another site. */
const COMMON_HEADERS = {
  "Cache-Control": "no-store",
  "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
  "Cross-Origin-Resource-Policy": "same-origin",
  "Referrer-Policy": "no-referrer",
  "X-Content-Type-Options": "nosniff",
};

/** An answer without a fixed end: `start` gets the response, and ends it. */
export interface Stream {
  readonly start: (response: ServerResponse) => void;
}

export interface HttpRequest {
  readonly method: string;
  /** As it was sent: usually a path and a query. */
  readonly target: string;
  /** The header `Host`, as it was sent. */
  readonly host: string | undefined;
}

export interface HttpServerOptions {
  readonly host: string;
  /** 0: any free port. */
  readonly port: number;
  readonly respond: (request: HttpRequest) => Promise<Answer | Stream>;
  readonly onListen: (address: AddressInfo) => void;
  /** LISTEN_FAILED; it tries again after `retryMs`. */
  readonly onError: (error: AgentError) => void;
  readonly retryMs?: number;
  readonly log: Logger;
  readonly signal: AbortSignal;
}

/** Serves until the signal aborts. Then it closes every connection. */
export function openHttpServer(options: HttpServerOptions): void {
  const { host, port, log, signal, retryMs = RETRY_MS } = options;
  const server = createLimitedServer(options);
  let retry: NodeJS.Timeout | undefined;
  const listen = () => {
    server.listen({ host, port });
  };
  server.on("listening", () => options.onListen(server.address() as AddressInfo));
  server.on("error", (cause) => {
    // one connection could not be accepted (no descriptors left); the others go on
    if (server.listening) return log.warn({ err: cause }, "connection could not be accepted");
    const where = endpointText(host, port);
    options.onError(new AgentError("LISTEN_FAILED", `cannot listen on ${where}`, { cause }));
    retry = setTimeout(listen, retryMs);
  });
  const stop = () => {
    clearTimeout(retry);
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
    headersTimeout: HEADERS_TIMEOUT_MS,
    requestTimeout: REQUEST_TIMEOUT_MS,
    connectionsCheckingInterval: TIMEOUT_CHECK_MS,
    keepAliveTimeout: KEEP_ALIVE_MS,
  };
  const busy = new WeakSet<Socket>();
  const server = createServer(limits, (request, response) => {
    // our clients wait for each answer; Node would run thousands of pipelined requests at once
    if (busy.has(request.socket)) return void request.socket.destroy();
    busy.add(request.socket);
    response.once("close", () => busy.delete(request.socket));
    const { method = "", url: target = "" } = request;
    // no route uses a body; closing the connection avoids waiting for the end of a slow one
    if (request.headers["content-length"] ?? request.headers["transfer-encoding"]) {
      response.shouldKeepAlive = false;
    }
    respond({ method, target, host: request.headers.host }).then(
      (answer) =>
        "start" in answer ? answer.start(withCommonHeaders(response)) : send(answer, method, response),
      (err: unknown) => {
        log.error({ err, target }, "request failed");
        response.destroy();
      },
    );
  });
  server.maxConnections = MAX_CONNECTIONS;
  server.setTimeout(IDLE_MS);
  return server;
}

function send({ status, headers, body }: Answer, method: string, response: ServerResponse): void {
  const length = { "Content-Length": Buffer.byteLength(body) };
  withCommonHeaders(response).writeHead(status, { ...length, ...headers });
  response.end(method === "HEAD" ? undefined : body);
}

function withCommonHeaders(response: ServerResponse): ServerResponse {
  for (const [name, value] of Object.entries(COMMON_HEADERS)) response.setHeader(name, value);
  return response;
}
