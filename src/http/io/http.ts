/** The routes of the agent's HTTP server. Each answer has the current status, and is computed only when requested. */

import { readFileSync } from "node:fs";
import type { Logger } from "pino";
import type { Cluster } from "../../cluster/cluster.ts";
import { type ClusterView, createClusterView } from "../../cluster/io/cluster-view.ts";
import type { Journal } from "../../journal/io/journal.ts";
import { countChanges, NO_COUNTS } from "../../metrics/counters.ts";
import { type Metrics, openMetrics } from "../../metrics/io/registry.ts";
import { deriveSamples } from "../../metrics/samples.ts";
import type { Endpoint } from "../../settings/value-network.ts";
import type { StatusStore } from "../../status/io/store.ts";
import type { Report } from "../../system/report.ts";
import { printableJson } from "../../text/escape.ts";
import { isAllowedHost, ownHostNames } from "../allowed-host.ts";
import {
  type Answer,
  answerHealth,
  answerReadiness,
  briefAnswer,
  jsonAnswer,
  parameterIn,
  routeOf,
  textAnswer,
} from "../answer.ts";
import { createEventClients } from "./event-clients.ts";
import { createJournalFeed } from "./journal-feed.ts";
import { createPages } from "./page.ts";
import { type HttpRequest, openHttpServer, type Stream } from "./server.ts";
import { createTimeline } from "./timeline.ts";

/** Scrapes within this window share one rendering, unless the status changes: many scrapers cost as much as one. */
const METRICS_CACHE_MS = 100;

export interface HttpOptions {
  /** Undefined where HTTP is off. */
  readonly endpoint: Endpoint | undefined;
  readonly pageFolder: string;
  /** Of this machine. */
  readonly hostName: string;
  /** Further names that the server may be asked for. */
  readonly allowedHosts?: readonly string[];
  readonly store: StatusStore;
  readonly report: Report;
  readonly journal: Pick<Journal, "recent" | "subscribe">;
  /** For the whole answer of another host, 1 s unless it is set. */
  readonly askTimeoutMs?: number;
  readonly log: Logger;
  readonly signal: AbortSignal;
}

const HOST_NOT_ALLOWED = textAnswer(
  421,
  "use an IP address of this host, its own name, a name without a dot, or a name in HTTP_ALLOW_HOSTS",
);

/** Serves until the signal aborts. @returns what takes the duration of each health probe. */
export function openHttp(options: HttpOptions): Pick<Metrics, "observeProbe"> {
  const { endpoint, store, report, journal, log } = options;
  if (endpoint === undefined) return { observeProbe: () => undefined };
  const metrics = openStatusMetrics(options);
  const scrape = cacheText(metrics.text, store);
  const feed = createJournalFeed(journal, () => events.notify("journal"));
  const events = createEventClients({
    status: () => printableJson(store.status),
    journal: feed.latest,
  });
  store.subscribe(() => events.notify("status"));
  const cluster = createClusterView(() => store.status, options.signal, options.askTimeoutMs);
  const timeline = createTimeline({ ...options, cluster, readJournal: () => feed.journal });
  const answerCluster = openClusterAnswer(cluster);
  const resolvConf = readResolvConf();
  const allowedNames = () => {
    const { name = "", hostname = "" } = store.status.host ?? {};
    return [...ownHostNames([options.hostName, name, hostname], resolvConf), ...(options.allowedHosts ?? [])];
  };
  const pages = createPages(options.pageFolder, log);
  const respond = async ({ method, target, host }: HttpRequest): Promise<Answer | Stream> => {
    const route = routeOf(method, target);
    // monitoring may use any name for this host, and these routes hold nothing but figures
    const isForMonitoring = route === "metrics" || route === "healthz" || route === "readyz";
    if (!isForMonitoring && !isAllowedHost(host, allowedNames())) return HOST_NOT_ALLOWED;
    if (typeof route !== "string") return route;
    switch (route) {
      case "healthz":
        return answerHealth(store.status);
      case "readyz":
        return answerReadiness(store.status);
      case "status":
        return parameterIn(target, "brief") === undefined
          ? jsonAnswer(store.status)
          : briefAnswer(store.status);
      case "cluster":
        return answerCluster();
      case "timeline":
        return jsonAnswer(await timeline.read());
      case "metrics":
        return { status: 200, headers: { "Content-Type": metrics.contentType }, body: await scrape() };
      case "journal":
        return feed.answer(parameterIn(target, "since"), parameterIn(target, "last"));
      case "events":
        return method === "HEAD"
          ? { status: 200, headers: { "Content-Type": "text/event-stream; charset=utf-8" }, body: "" }
          : { start: events.add };
      case "page":
        return pages.answer("page.html");
      case "errors":
        return pages.answer("errors.html");
    }
  };
  openHttpServer({
    ...options,
    ...endpoint,
    respond,
    onListen: ({ address, port }) => {
      report.ok();
      log.info({ address, port }, "HTTP server listening");
    },
    onError: (error) => report.problem(error),
  });
  return metrics;
}

/** One text is made of one cluster, however many clients ask. */
function openClusterAnswer(view: ClusterView): () => Promise<Answer> {
  let last: { readonly cluster: Cluster; readonly answer: Answer } | undefined;
  return async () => {
    const cluster = await view.read();
    if (last?.cluster !== cluster) last = { cluster, answer: jsonAnswer(cluster) };
    return last.answer;
  };
}

function openStatusMetrics({ store }: HttpOptions): Metrics {
  let counts = NO_COUNTS;
  let before = store.status;
  store.subscribe((status) => {
    counts = countChanges(counts, before, status);
    before = status;
    metrics.retainGroups(new Set(status.health.map(({ group }) => group)));
  });
  const metrics = openMetrics(() =>
    deriveSamples({
      status: store.status,
      counts,
      epochSeconds: (time) => Date.parse(time) / 1_000,
    }),
  );
  return metrics;
}

function cacheText(text: Metrics["text"], store: StatusStore): Metrics["text"] {
  let cached: Promise<string> | undefined;
  let expiresMs = 0;
  store.subscribe(() => {
    cached = undefined;
  });
  return () => {
    const nowMs = performance.now();
    if (cached === undefined || nowMs >= expiresMs) {
      cached = text();
      expiresMs = nowMs + METRICS_CACHE_MS;
    }
    return cached;
  };
}

/** Empty where there is none. */
function readResolvConf(): string {
  try {
    return readFileSync("/etc/resolv.conf", "utf8");
  } catch {
    return "";
  }
}
