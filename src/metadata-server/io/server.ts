/**
 * A stand-in for Rancher's metadata service, for tests and the demo.
 *
 * A client cannot tell it from the real one: it answers, waits, redraws its version and shuffles its lists alike.
 * The pure files beside io/ decide what is answered. This file has the socket, the watched file, and the waiting.
 */
import crypto from "node:crypto";
import { EventEmitter, once } from "node:events";
import { readFileSync } from "node:fs";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { type FSWatcher, watch } from "chokidar";
import type { Logger } from "pino";
import { AgentError } from "../../errors.ts";
import { negotiateFormat } from "../accept.ts";
import { type Answers, createAnswers, parseAnswers } from "../answers.ts";
import { renderError, renderValue } from "../format.ts";
import { endsWait } from "../long-poll.ts";
import { type FoundValue, findAnswer, versionPaths } from "../lookup.ts";
import { parseRequest, type ValueRequest } from "../request.ts";

/** Like the real server, those who wait look at the time only when they are woken. */
const WAKE_INTERVAL_MS = 5_000;
/** Go sends longer bodies in chunks, without Content-Length. */
const LONGEST_UNCHUNKED_BYTES = 2_048;
/** A file that is still being written may already be valid YAML. */
const FILE_SETTLED = { stabilityThreshold: 40, pollInterval: 10 };

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

/** Loads the file as soon as the watch stands, so that no change falls between, and after each change. */
function watchAnswers(current: CurrentAnswers, { answersFile: file, log }: MetadataServerOptions): FSWatcher {
  const load = () => {
    try {
      // Synchronous, so that an older reading cannot overtake a newer one.
      const version = current.replace(readFileSync(file, "utf8"));
      log.info({ file, version }, "answers loaded");
    } catch (err) {
      log.error({ err, file }, "answers not loaded, former ones kept");
    }
  };
  return watch(file, { ignoreInitial: true, awaitWriteFinish: FILE_SETTLED })
    .on("ready", load)
    .on("add", load)
    .on("change", load)
    .on("error", (err) => log.error({ err, file }, "answers not watched"));
}

/** The answers of the moment, and those who wait for others. */
class CurrentAnswers {
  readonly #sleepers = new EventEmitter().setMaxListeners(0);
  #answers: Answers = new Map();

  get all(): Answers {
    return this.#answers;
  }

  /** @returns The new version. @throws {AgentError} ANSWERS_INVALID, and keeps the former answers. */
  replace(text: string): string {
    const version = crypto.randomUUID();
    this.#answers = createAnswers(parseAnswers(text), { version, random: Math.random });
    this.wake();
    return version;
  }

  wake(): void {
    this.#sleepers.emit("wake");
  }

  /** The value, after the wait that was asked for; a value that is missing is waited for too. */
  async find(
    { version, path, wait }: ValueRequest,
    client: string,
    signal: AbortSignal,
  ): Promise<FoundValue | undefined> {
    const start = performance.now();
    for (;;) {
      const found = findAnswer(this.#answers, version, client, path);
      if (wait === undefined || performance.now() - start > wait.maxWaitSeconds * 1_000) return found;
      if (found !== undefined && endsWait(found.value, wait.oldValue)) return found;
      await once(this.#sleepers, "wake", { signal });
    }
  }
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
