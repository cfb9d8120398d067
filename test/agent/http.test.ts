import { once } from "node:events";
import { request } from "node:http";
import { createServer } from "node:net";
import { text } from "node:stream/consumers";
import { fileURLToPath } from "node:url";
import pino from "pino";
import { afterEach, beforeEach, expect, it } from "vitest";
import { type Board, createBoard } from "../../src/agent/board.ts";
import { serveHttp } from "../../src/agent/http.ts";
import { AT, IN_TROUBLE, OWNED, SUSPICION, WELL } from "../fixtures/status.ts";

const PAGE = fileURLToPath(new URL("../../templates/page.html", import.meta.url));

let stop: AbortController;
let board: Board;
let port: number;
beforeEach(() => {
  stop = new AbortController();
});
afterEach(() => stop.abort());

async function serve(pageFile = PAGE) {
  const listens = Promise.withResolvers<number>();
  const write = (line: string) => {
    const entry = JSON.parse(line);
    if (entry.msg === "http listened") listens.resolve(entry.port);
  };
  const log = pino({}, { write });
  board = createBoard({ version: "0.1.0", pid: 7, stateDir: "/run/x", log, publish: () => undefined });
  const endpoint = { host: "127.0.0.1", port: 0 };
  const http = serveHttp({ endpoint, pageFile, board, log, signal: stop.signal });
  port = await listens.promise;
  board.update(WELL);
  return { http };
}

async function ask(path: string, method = "GET") {
  const sent = request({ port, host: "127.0.0.1", path, method, agent: false }).end();
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
  { path: "/metrics", status: 200, type: "text/plain; version=0.0.4; charset=utf-8", body: /_ready 1\n/ },
  { path: "/nothing", status: 404, type: "text/plain; charset=utf-8", body: /^not found/ },
])("answers $path with $status, and HEAD with the same head", async ({ path, body, ...head }) => {
  await serve();

  expect(await ask(path)).toEqual({ ...head, body: expect.stringMatching(body) });
  expect(await ask(path, "HEAD")).toEqual({ ...head, body: "" });
  expect(await ask(path, "POST")).toMatchObject({ status: 405 });
});

it("follows the board", async () => {
  await serve();
  board.update(IN_TROUBLE);
  board.raise("keepalived", new Error("keepalived ended by SIGKILL"));

  expect(await ask("/healthz")).toMatchObject({ status: 503, body: expect.stringContaining("SIGKILL") });
  expect(await ask("/readyz")).toMatchObject({ status: 503 });
  expect(JSON.parse((await ask("/status")).body)).toEqual(JSON.parse(JSON.stringify(board.status)));
});

it("counts what happened between two scrapes, and tells of looks and suspicions", async () => {
  const { http } = await serve();
  for (const state of ["BACKUP", "MASTER", "BACKUP", "MASTER"]) {
    board.update({ instances: [{ ...OWNED, state }] });
  }
  http.observeLook("main", "tcp", 0.003);
  board.update({ splitBrain: [{ ...SUSPICION, since: AT }] });
  const { body } = await ask("/metrics");

  expect(body).toContain('transitions_total{group="main",state="MASTER"} 3\n');
  expect(body).toContain('look_duration_seconds_bucket{le="0.005",group="main",check="tcp"} 1\n');
  expect(body).toContain('split_brain_suspected{group="main",cause="foreign-router"} 1\n');
});

it("gives events one by one, and only their head to HEAD", async () => {
  await serve();
  const head = await ask("/events", "HEAD");
  const sent = request({ port, host: "127.0.0.1", path: "/events", agent: false }).end();
  const [response] = await once(sent, "response");
  const chunks = response.setEncoding("utf8")[Symbol.asyncIterator]();
  const next = async () => JSON.parse((await chunks.next()).value.split("data: ")[1]);
  const first = await next();
  board.update({ service: "other/service" });
  const second = await next();
  sent.destroy();

  expect(head).toEqual({ status: 200, type: "text/event-stream; charset=utf-8", body: "" });
  expect([first.service, second.service]).toEqual(["lb/keepalived", "other/service"]);
});

it("answers everything else where the page cannot be read", async () => {
  await serve(`${PAGE}.missing`);

  expect(await ask("/")).toMatchObject({ status: 500, body: expect.stringContaining("/status") });
  expect(await ask("/healthz")).toMatchObject({ status: 200 });
});

it("raises a problem while its port is taken", async () => {
  const other = createServer().listen(0, "127.0.0.1");
  await once(other, "listening");
  const address = other.address();
  const taken = typeof address === "object" && address !== null ? address.port : 0;
  const log = pino({ level: "silent" });
  board = createBoard({ version: "0.1.0", pid: 7, stateDir: "/run/x", log, publish: () => undefined });
  const raised = new Promise((resolve) => board.follow(({ problems }) => resolve(problems)));
  const endpoint = { host: "127.0.0.1", port: taken };
  serveHttp({ endpoint, pageFile: PAGE, board, log, signal: stop.signal });

  expect(await raised).toMatchObject([{ part: "http", code: "LISTEN_FAILED" }]);
  other.close();
});

it("serves nothing where it is off", () => {
  const log = pino({ level: "silent" });
  board = createBoard({ version: "0.1.0", pid: 7, stateDir: "/run/x", log, publish: () => undefined });
  const options = { pageFile: PAGE, board, log, signal: stop.signal };

  expect(() => serveHttp({ ...options, endpoint: undefined }).observeLook("main", "tcp", 1)).not.toThrow();
  expect(board.status.problems).toEqual([]);
});
