/** The agent over HTTP: who asks gets the status of the moment, and nothing is computed for whoever does not ask. */
import type { Logger } from "pino";
import type { Journal } from "../../journal/io/journal.ts";
import { countChanges, NO_COUNTS } from "../../metrics/counters.ts";
import { type Metrics, openMetrics } from "../../metrics/io/registry.ts";
import { deriveSamples } from "../../metrics/samples.ts";
import type { Endpoint } from "../../settings/value-network.ts";
import type { StatusStore } from "../../status/io/store.ts";
import type { Report } from "../../system/report.ts";
import { isAllowedHost } from "../allowed-host.ts";
import {
  type Answer,
  answerHealth,
  answerReadiness,
  answerStatus,
  routeOf,
  sinceIn,
  textAnswer,
} from "../answer.ts";
import { createEventClients } from "./event-clients.ts";
import { createJournalFeed } from "./journal-feed.ts";
import { readPage } from "./page.ts";
import { type HttpRequest, openHttpServer, type Stream } from "./server.ts";

/** So long, ms, one text of the metrics serves all who ask, where nothing changes meanwhile: many scrapers cost as one. */
const METRICS_MS = 100;

export interface HttpOptions {
  /** Undefined: nothing is served. */
  readonly endpoint: Endpoint | undefined;
  readonly pageFile: string;
  readonly hostName: string;
  readonly store: StatusStore;
  readonly report: Report;
  readonly journal: Pick<Journal, "recent" | "subscribe">;
  readonly log: Logger;
  readonly signal: AbortSignal;
}

const NOT_OF_THIS_HOST = textAnswer(
  421,
  "ask by an address of this host, by its own name, or by one without a dot",
);

/** Serves until the signal aborts. @returns who is told how long each look of a check took. */
export function serveHttp(options: HttpOptions): Pick<Metrics, "observeProbe"> {
  const { endpoint, store, report, journal, log } = options;
  if (endpoint === undefined) return { observeProbe: () => undefined };
  const metrics = openStatusMetrics(options);
  const scrape = shareText(metrics.text, store);
  const feed = createJournalFeed(journal, () => events.notify("journal"));
  const events = createEventClients({
    status: () => JSON.stringify(store.status),
    journal: feed.latest,
  });
  store.subscribe(() => events.notify("status"));
  let page: Promise<Answer> | undefined;
  const showPage = () => {
    page ??= readPage(options.pageFile).catch((err: unknown) => {
      log.warn({ err }, "page was not read");
      page = undefined;
      return textAnswer(500, "the file of this page cannot be read; /status has the same");
    });
    return page;
  };

  const respond = async ({ method, target, host }: HttpRequest): Promise<Answer | Stream> => {
    const route = routeOf(method, target);
    // a monitoring system asks by whatever name it knows, and these tell no more than figures
    const isForPrograms = route === "metrics" || route === "healthz" || route === "readyz";
    if (!isForPrograms && !isAllowedHost(host, options.hostName)) return NOT_OF_THIS_HOST;
    if (typeof route !== "string") return route;
    switch (route) {
      case "healthz":
        return answerHealth(store.status);
      case "readyz":
        return answerReadiness(store.status);
      case "status":
        return answerStatus(store.status);
      case "metrics":
        return { status: 200, headers: { "Content-Type": metrics.contentType }, body: await scrape() };
      case "journal":
        return feed.answer(sinceIn(target));
      case "events":
        return method === "HEAD"
          ? { status: 200, headers: { "Content-Type": "text/event-stream; charset=utf-8" }, body: "" }
          : { start: events.add };
      case "page":
        return showPage();
    }
  };
  openHttpServer({
    ...options,
    ...endpoint,
    respond,
    onListen: ({ address, port }) => {
      report.ok();
      log.info({ address, port }, "http listened");
    },
    onTrouble: (error) => report.problem(error),
  });
  return metrics;
}

function openStatusMetrics({ store }: HttpOptions): Metrics {
  let counts = NO_COUNTS;
  let before = store.status;
  store.subscribe((status) => {
    counts = countChanges(counts, before, status);
    before = status;
  });
  return openMetrics(() =>
    deriveSamples({
      status: store.status,
      counts,
      epochSeconds: (time) => Date.parse(time) / 1_000,
    }),
  );
}

function shareText(text: Metrics["text"], store: StatusStore): Metrics["text"] {
  let shared: Promise<string> | undefined;
  let untilMs = 0;
  store.subscribe(() => {
    shared = undefined;
  });
  return () => {
    const nowMs = performance.now();
    if (shared === undefined || nowMs >= untilMs) {
      shared = text();
      untilMs = nowMs + METRICS_MS;
    }
    return shared;
  };
}
