/** The answers of the agent's HTTP server that are derived from the status alone. */

import { briefStatus } from "../status/brief.ts";
import { whyNotAlive, whyNotReady } from "../status/readiness.ts";
import { isAsOrdered, isWell, type Status } from "../status/status.ts";
import { escapeLines, printableJson } from "../text/escape.ts";

/** A complete answer. The body is sent with its length, and omitted for HEAD. */
export interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

export type HttpRoute =
  | "page"
  | "healthz"
  | "readyz"
  | "status"
  | "cluster"
  | "metrics"
  | "timeline"
  | "journal"
  | "events"
  | "errors";

const ROUTES: Readonly<Record<string, HttpRoute>> = {
  "/": "page",
  "/healthz": "healthz",
  "/readyz": "readyz",
  "/status": "status",
  "/cluster": "cluster",
  "/metrics": "metrics",
  "/timeline": "timeline",
  "/journal": "journal",
  "/events": "events",
  "/errors": "errors",
};

/** The route of a request, or the answer 404 or 405. */
export function routeOf(method: string, target: string): HttpRoute | Answer {
  if (method !== "GET" && method !== "HEAD") {
    return { ...textAnswer(405, "only GET and HEAD"), headers: { ...TEXT, Allow: "GET, HEAD" } };
  }
  const [path = ""] = target.split("?", 1);
  const route = Object.hasOwn(ROUTES, path) ? ROUTES[path] : undefined;
  return route ?? textAnswer(404, `not found; the paths are ${Object.keys(ROUTES).join(" ")}`);
}

/** The query parameter of that name; undefined where the request has none. */
export function parameterIn(target: string, name: "since" | "last" | "brief"): string | undefined {
  const [, query = ""] = target.split("?", 2);
  return new URLSearchParams(query).get(name) ?? undefined;
}

/** 503 where keepalived should run and does not, or where a contradiction lasts. Other problems stay 200. */
export function answerHealth(status: Status): Answer {
  const reasons = whyNotAlive(status);
  return reasons.length === 0 ? textAnswer(200, "ok") : textAnswer(503, reasons.join("\n"));
}

/** 200 exactly where `status` exits with 0. */
export function answerReadiness(status: Status): Answer {
  if (isWell(status)) return textAnswer(200, "ok");
  return isAsOrdered(status)
    ? textAnswer(200, "drained, otherwise well")
    : textAnswer(503, whyNotReady(status).join("\n"));
}

/** What other hosts ask for, in one line: it is for programs, and a big host has much to tell. */
export function briefAnswer(status: Status): Answer {
  const body = `${printableJson(briefStatus(status))}\n`;
  return { status: 200, headers: { "Content-Type": "application/json" }, body };
}

/** The same text as `status --json` prints, or with the cluster `status --all --json`. */
export function jsonAnswer(content: object): Answer {
  const body = `${printableJson(content, 2)}\n`;
  return { status: 200, headers: { "Content-Type": "application/json" }, body };
}

const TEXT = { "Content-Type": "text/plain; charset=utf-8" };

/** @param text one or more lines, without the final line end. */
export function textAnswer(status: number, text: string): Answer {
  return { status, headers: TEXT, body: `${escapeLines(text)}\n` };
}
