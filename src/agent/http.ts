/** The agent over HTTP: who asks gets the status of the moment, and nothing is computed for whoever does not ask. */
import type { Logger } from "pino";
import {
  type Answer,
  answerHealth,
  answerReadiness,
  answerStatus,
  routeOf,
  textAnswer,
} from "../core/http-answer.ts";
import { measure } from "../core/measure.ts";
import { foldTally, NOTHING_YET } from "../core/tally.ts";
import type { Endpoint } from "../core/value-network.ts";
import { openEventClients } from "../io/event-clients.ts";
import { openHttpServer, type Stream } from "../io/http-server.ts";
import { type Metrics, openMetrics } from "../io/metrics.ts";
import { readPage } from "../io/page-file.ts";
import type { Board } from "./board.ts";

export interface HttpOptions {
  /** Undefined: nothing is served. */
  readonly endpoint: Endpoint | undefined;
  readonly pageFile: string;
  readonly board: Board;
  readonly log: Logger;
  readonly signal: AbortSignal;
}

/** Serves until the signal aborts. @returns who is told how long each look of a check took. */
export function serveHttp(options: HttpOptions): Pick<Metrics, "observeLook"> {
  const { endpoint, board, log } = options;
  if (endpoint === undefined) return { observeLook: () => undefined };
  const metrics = measuring(options);
  const events = openEventClients(() => JSON.stringify(board.status));
  board.follow(events.notify);
  const page = readPage(options.pageFile).catch((err: unknown) => {
    log.warn({ err }, "page was not read");
    return textAnswer(500, "the file of this page cannot be read; /status has the same");
  });

  const respond = async (method: string, target: string): Promise<Answer | Stream> => {
    const route = routeOf(method, target);
    if (typeof route !== "string") return route;
    switch (route) {
      case "healthz":
        return answerHealth(board.status, (time) => Date.now() - Date.parse(time));
      case "readyz":
        return answerReadiness(board.status);
      case "status":
        return answerStatus(board.status);
      case "metrics":
        return { status: 200, headers: { "Content-Type": metrics.contentType }, body: await metrics.text() };
      case "events":
        return method === "HEAD"
          ? { status: 200, headers: { "Content-Type": "text/event-stream; charset=utf-8" }, body: "" }
          : { start: events.take };
      case "page":
        return page;
    }
  };
  openHttpServer({
    ...options,
    ...endpoint,
    respond,
    onListen: ({ address, port }) => {
      board.clear("http");
      log.info({ address, port }, "http listened");
    },
    onTrouble: (error) => board.raise("http", error),
  });
  return metrics;
}

function measuring({ board }: HttpOptions): Metrics {
  let tally = NOTHING_YET;
  let before = board.status;
  board.follow((status) => {
    tally = foldTally(tally, before, status);
    before = status;
  });
  return openMetrics(() =>
    measure({
      status: board.status,
      tally,
      epochSeconds: (time) => Date.parse(time) / 1_000,
    }),
  );
}
