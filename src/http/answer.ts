/** What a request of the agent's HTTP server is answered with, where that needs no effect. */

import { whyNotAlive, whyNotReady } from "../status/readiness.ts";
import { isWell, type Status } from "../status/status.ts";

/** A whole answer: the body is sent with its length, and left out where only the head was asked for. */
export interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

export type Route = "page" | "healthz" | "readyz" | "status" | "metrics" | "journal" | "events";

const ROUTES: Readonly<Record<string, Route>> = {
  "/": "page",
  "/healthz": "healthz",
  "/readyz": "readyz",
  "/status": "status",
  "/metrics": "metrics",
  "/journal": "journal",
  "/events": "events",
};

/** The route that a request asks for, or the refusal of one that asks for something else. */
export function routeOf(method: string, target: string): Route | Answer {
  if (method !== "GET" && method !== "HEAD") {
    return { ...textAnswer(405, "only GET and HEAD"), headers: { ...TEXT, Allow: "GET, HEAD" } };
  }
  const [path = ""] = target.split("?", 1);
  const route = Object.hasOwn(ROUTES, path) ? ROUTES[path] : undefined;
  return route ?? textAnswer(404, `not found; there is ${Object.keys(ROUTES).join(" ")}`);
}

/** Value of the parameter `since` of a request; undefined where it has none. */
export function sinceIn(target: string): string | undefined {
  const [, query = ""] = target.split("?", 2);
  return new URLSearchParams(query).get("since") ?? undefined;
}

/** Whether what the agent says is true. */
export function answerHealth(status: Status): Answer {
  const doubts = whyNotAlive(status);
  return doubts.length === 0 ? textAnswer(200, "ok") : textAnswer(503, doubts.join("\n"));
}

/** Whether everything is as it should be, by the same rule as the exit status of the command `status`. */
export function answerReadiness(status: Status): Answer {
  return isWell(status) ? textAnswer(200, "ok") : textAnswer(503, whyNotReady(status).join("\n"));
}

/** The same text as `status --json`. */
export function answerStatus(status: Status): Answer {
  const body = `${JSON.stringify(status, undefined, 2)}\n`;
  return { status: 200, headers: { "Content-Type": "application/json" }, body };
}

const TEXT = { "Content-Type": "text/plain; charset=utf-8" };

/** @param text one or more lines, without a line end. */
export function textAnswer(status: number, text: string): Answer {
  return { status, headers: TEXT, body: `${text}\n` };
}
