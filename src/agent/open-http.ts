/** The HTTP server, wired: its page lies beside the shipped template, and it may be asked for by the names of this host. */
import path from "node:path";
import { openHttp } from "../http/io/http.ts";
import type { Journal } from "../journal/io/journal.ts";
import type { Metrics } from "../metrics/io/registry.ts";
import type { StatusStore } from "../status/io/store.ts";
import type { AgentOptions } from "./options.ts";

export interface AgentHttpParts {
  readonly store: StatusStore;
  readonly journal: Journal;
}

/** Serves until the signal aborts. @returns what takes the duration of each health probe. */
export function openAgentHttp(
  { settings, hostName, shippedTemplate, log, signal }: AgentOptions,
  { store, journal }: AgentHttpParts,
): Pick<Metrics, "observeProbe"> {
  return openHttp({
    endpoint: settings.agent.httpListen,
    allowedHosts: settings.agent.httpAllowHosts ?? [],
    pageFolder: path.join(path.dirname(shippedTemplate), "page"),
    hostName,
    store,
    report: store.reportOf("http"),
    journal,
    log: log.child({ component: "http" }),
    signal,
  });
}
