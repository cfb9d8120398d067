import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { request } from "node:http";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import path from "node:path";
import { createInterface } from "node:readline";
import { text } from "node:stream/consumers";
import { fileURLToPath } from "node:url";
import pino from "pino";
import { afterEach, beforeEach, expect, it } from "vitest";
import { openHttp } from "../../../src/http/io/http.ts";
import type { JournalEvent } from "../../../src/journal/event.ts";
import { type Journal, openJournal } from "../../../src/journal/io/journal.ts";
import { createStatusStore, type StatusStore } from "../../../src/status/io/store.ts";
import { AT, IN_TROUBLE, OWNED, SUSPICION, WELL } from "../../fixtures/status.ts";

const PAGE = fileURLToPath(new URL("../../../templates/page", import.meta.url));
const HOST_NAME = "node-1.example.com";

let stop: AbortController;
let store: StatusStore;
let journal: Journal;
let folder: string;
let port: number;
beforeEach(async () => {
  stop = new AbortController();
  folder = await mkdtemp(path.join(tmpdir(), "rk-http-"));
  journal = await openJournal(folder, pino({ level: "silent" }));
});
afterEach(async () => {
  stop.abort();
  await journal.close();
  await rm(folder, { recursive: true, force: true, maxRetries: 20 });
});

async function serve(pageFolder = PAGE) {
  const listens = Promise.withResolvers<number>();
  const write = (line: string) => {
    const entry = JSON.parse(line);
    if (entry.msg === "HTTP server listening") listens.resolve(entry.port);
  };
  const log = pino({}, { write });
  store = createStatusStore({ version: "0.1.0", pid: 7, stateDir: "/run/x", log, publish: () => undefined });
  const endpoint = { host: "127.0.0.1", port: 0 };
  const http = openHttp({
    endpoint,
    hostName: HOST_NAME,
    allowedHosts: ["vip.example.org"],
    pageFolder,
    store,
    report: store.reportOf("http"),
    journal,
    log,
    signal: stop.signal,
  });
  port = await listens.promise;
  store.update(WELL);
  return { http };
}

async function ask(target: string, method = "GET", headers: Readonly<Record<string, string>> = {}) {
  const sent = request({ port, host: "127.0.0.1", path: target, method, headers, agent: false }).end();
  const [response] = await once(sent, "response");
  return {
    status: response.statusCode,
    type: response.headers["content-type"],
    body: await text(response),
  };
}

it.each([
  { path: "/", status: 200, type: "text/html; charset=utf-8", body: /^<!doctype html>/ },
  { path: "/healthz", status: 200, type: "text/plain; charset=utf-8", body: /^ok\n$/ },
  { path: "/readyz", status: 200, type: "text/plain; charset=utf-8", body: /^ok\n$/ },
  { path: "/status", status: 200, type: "application/json", body: /^\{\n {2}"agent"/ },
  { path: "/journal", status: 200, type: "application/json", body: /^\{\n {2}"entries": \[\],/ },
  { path: "/metrics", status: 200, type: "text/plain; version=0.0.4; charset=utf-8", body: /_ready 1\n/ },
  { path: "/nothing", status: 404, type: "text/plain; charset=utf-8", body: /^not found/ },
])("answers $path with $status, and HEAD with the same head", async ({ path: target, body, ...head }) => {
  await serve();

  expect(await ask(target)).toEqual({ ...head, body: expect.stringMatching(body) });
  expect(await ask(target, "HEAD")).toEqual({ ...head, body: "" });
  expect(await ask(target, "POST")).toMatchObject({ status: 405 });
});

it.each(["/metrics", "/healthz", "/readyz"])(
  "answers %s to programs, whatever they call it",
  async (path) => {
    await serve();

    expect(await ask(path, "GET", { Host: `lb.example:${port}` })).toMatchObject({ status: 200 });
  },
);

it.each(["/", "/status", "/cluster", "/events", "/nothing"])(
  "tells nothing of %s to a page whose name was made to lead here",
  async (path) => {
    await serve();

    expect(await ask(path, "GET", { Host: `evil.example:${port}` })).toMatchObject({ status: 421 });
  },
);

it.each([HOST_NAME, "vip.example.org", "Node-1.rancher.example"])(
  "answers to a name of its machine, in Rancher too, and to a name that is allowed: %s",
  async (name) => {
    await serve();
    store.update({ host: { uuid: "u", name: "node-1.rancher.example", hostname: "node-1" } });

    expect(await ask("/status", "GET", { Host: `${name}:${port}` })).toMatchObject({ status: 200 });
  },
);

it("serves the cluster, in which this host has its own row without being asked", async () => {
  await serve();
  const members = [{ host: "node-2", uuid: "u-2", addresses: [], presence: "missing" } as const];
  store.update({ ...WELL, members });
  const { status, type, body } = await ask("/cluster");

  expect({ status, type }).toEqual({ status: 200, type: "application/json" });
  expect(JSON.parse(body)).toMatchObject({
    self: "e3d3bd2b",
    isWell: false,
    members: [
      { host: "node-1", reach: "answers" },
      { host: "node-2", reach: "not-reachable" },
    ],
    groups: [{ name: "main" }],
  });
});

it("serves the current status", async () => {
  await serve();
  store.update(IN_TROUBLE);
  store.reportOf("keepalived").problem(new Error("keepalived ended by SIGKILL"));

  expect(await ask("/healthz")).toMatchObject({ status: 503, body: expect.stringContaining("SIGKILL") });
  expect(await ask("/readyz")).toMatchObject({ status: 503 });
  expect(JSON.parse((await ask("/status")).body)).toEqual(JSON.parse(JSON.stringify(store.status)));
});

it("counts what happened between two scrapes, and has probe durations and suspicions", async () => {
  const { http } = await serve();
  for (const state of ["BACKUP", "MASTER", "BACKUP", "MASTER"]) {
    store.update({ instances: [{ ...OWNED, state }] });
  }
  http.observeProbe("main", "tcp", 0.003);
  store.update({ splitBrain: [{ ...SUSPICION, since: AT }] });
  const { body } = await ask("/metrics");

  expect(body).toContain('transitions_total{group="main",state="MASTER"} 3\n');
  expect(body).toContain('probe_duration_seconds_bucket{le="0.005",group="main",check="tcp"} 1\n');
  expect(body).toContain('split_brain_suspected{group="main",cause="foreign-router"} 1\n');
});

it("computes the metrics once for concurrent scrapes, and again when the status changes", async () => {
  await serve();
  const differing = (texts: { body: string }[]) => new Set(texts.map(({ body }) => body)).size;
  const startMs = performance.now();
  const together = await Promise.all(Array.from({ length: 20 }, () => ask("/metrics")));
  const tookMs = performance.now() - startMs;
  store.update({ instances: [{ ...OWNED, state: "FAULT" }] });

  expect(differing(together)).toBeLessThanOrEqual(1 + tookMs / 100);
  expect((await ask("/metrics")).body).toContain('is_owner{group="main",vip="198.51.100.50"} 0\n');
});

/** Follows /events; gives what comes next under that name. */
async function follow() {
  const sent = request({ port, host: "127.0.0.1", path: "/events", agent: false }).end();
  const [response] = await once(sent, "response");
  const lines = createInterface({ input: response })[Symbol.asyncIterator]();
  const next = async (name: string) => {
    let topic = "";
    for (let line = await lines.next(); !line.done; line = await lines.next()) {
      if (line.value.startsWith("event: ")) topic = line.value.slice(7);
      if (line.value.startsWith("data: ") && topic === name) return JSON.parse(line.value.slice(6));
    }
    throw new Error(`the events ended without ${name}`);
  };
  return { next, end: () => sent.destroy() };
}

it("sends events one by one, and only the headers for HEAD", async () => {
  await serve();
  const head = await ask("/events", "HEAD");
  const { next, end } = await follow();
  const first = await next("status");
  store.update({ service: "other/service" });
  const second = await next("status");
  end();

  expect(head).toEqual({ status: 200, type: "text/event-stream; charset=utf-8", body: "" });
  expect([first.service, second.service]).toEqual(["lb/keepalived", "other/service"]);
});

const MOVED: JournalEvent = { kind: "transition", group: "web", from: "MASTER", to: "FAULT" };

it("serves the journal, also of earlier runs, and from a given time", async () => {
  journal.record({ kind: "host", name: "node-1", uuid: "u1" });
  journal.record({ kind: "drain", group: "web", by: "command" });
  journal.record(MOVED);
  await journal.close();
  journal = await openJournal(folder, pino({ level: "silent" }));
  await serve();
  const all = JSON.parse((await ask("/journal")).body);
  const none = JSON.parse((await ask("/journal?since=9999-01-01T00:00:00Z")).body);

  expect(all.entries.map(({ words }: { words: string }) => words)).toEqual([
    "this host is node-1 (u1)",
    "web: drained by command",
    "web: MASTER -> FAULT",
  ]);
  expect(all.moves).toMatchObject([
    {
      group: "web",
      move: "left",
      sentence: expect.stringMatching(/^web left node-1 at .*: drained by command$/),
    },
  ]);
  expect(none).toEqual({ entries: [], moves: [] });
  expect((await ask("/journal?since=5m")).body).toBe((await ask("/journal")).body);
  expect(await ask("/journal?since=tomorrow")).toMatchObject({
    status: 400,
    body: expect.stringContaining("2d"),
  });
});

it("keeps the last 300 entries for HTTP, and sends the last 100 as an event at each change", async () => {
  for (let count = 0; count < 350; count += 1)
    journal.record({ kind: "metadata-source", source: `${count}` });
  await serve();
  const { next, end } = await follow();
  const first = await next("journal");
  journal.record(MOVED);
  journal.record({ kind: "drain", group: "web", by: "command" });
  const second = await next("journal");
  end();
  const all = JSON.parse((await ask("/journal")).body);

  expect(first.entries.map(({ source }: { source: string }) => source)).toEqual(
    Array.from({ length: 100 }, (_, index) => `${index + 250}`),
  );
  expect(second.entries.at(-1)).toMatchObject({ kind: "drain", words: "web: drained by command" });
  expect(second.moves).toMatchObject([{ group: "web", move: "left" }]);
  expect(all.entries).toHaveLength(300);
});

it("answers all other routes where the page cannot be read", async () => {
  await serve(`${PAGE}.missing`);

  expect(await ask("/")).toMatchObject({ status: 500, body: expect.stringContaining("/status") });
  expect(await ask("/healthz")).toMatchObject({ status: 200 });
});

it("reports a problem while its port is taken", async () => {
  const other = createServer().listen(0, "127.0.0.1");
  await once(other, "listening");
  const address = other.address();
  const taken = typeof address === "object" && address !== null ? address.port : 0;
  const log = pino({ level: "silent" });
  store = createStatusStore({ version: "0.1.0", pid: 7, stateDir: "/run/x", log, publish: () => undefined });
  const raised = new Promise((resolve) => store.subscribe(({ problems }) => resolve(problems)));
  const endpoint = { host: "127.0.0.1", port: taken };
  openHttp({
    endpoint,
    hostName: HOST_NAME,
    pageFolder: PAGE,
    store,
    report: store.reportOf("http"),
    journal,
    log,
    signal: stop.signal,
  });

  expect(await raised).toMatchObject([{ part: "http", code: "LISTEN_FAILED" }]);
  other.close();
});

it("serves nothing where HTTP is off", () => {
  const log = pino({ level: "silent" });
  store = createStatusStore({ version: "0.1.0", pid: 7, stateDir: "/run/x", log, publish: () => undefined });
  const options = {
    hostName: HOST_NAME,
    pageFolder: PAGE,
    store,
    report: store.reportOf("http"),
    journal,
    log,
    signal: stop.signal,
  };

  expect(() => openHttp({ ...options, endpoint: undefined }).observeProbe("main", "tcp", 1)).not.toThrow();
  expect(store.status.problems).toEqual([]);
});
